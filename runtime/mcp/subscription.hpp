#pragma once

#include "runtime/mcp/handshake.hpp"
#include "runtime/mcp/outbox.hpp"

#include <optional>

namespace perdure::runtime::mcp {

/// A modern server's word that it tells when its lists change: one request
/// that stays open, and is made again when it ends.
class subscription {
public:
  /// @pre `out` outlives it
  explicit subscription(outbox& out);

  /// @param capabilities of the server; nothing happens when no list changes
  void begin(const json& capabilities);
  void stop();

  /// The server has confirmed it.
  void acknowledged();

  /// It ended. A server that does not know it is not asked again.
  void ended(const rpc_outcome& outcome, timestamp now);
  void lost(timestamp now);
  void tick(timestamp now);

  [[nodiscard]] bool waits_for(exchange_id exchange) const noexcept;
  [[nodiscard]] std::optional<timestamp> next_moment() const {
    return again_at_;
  }

private:
  void request();

  outbox& out_;
  /// What is listened for; null for nothing.
  json filter_;
  exchange_id exchange_ = exchange_id::none;
  std::optional<timestamp> again_at_;
  unsigned failures_ = 0;
};

} // namespace perdure::runtime::mcp

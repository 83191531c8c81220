#pragma once

#include "runtime/mcp/handshake.hpp"
#include "runtime/mcp/outbox.hpp"

#include <optional>
#include <set>
#include <string>

namespace perdure::runtime::mcp {

/// What a session wants to hear of besides its server's lists.
struct followed {
  /// Ids of tasks of the server.
  std::set<std::string> tasks;
  /// URIs of resources.
  std::set<std::string> resources;
};

/// A modern server's word that it tells of changes: one request that stays
/// open, and is made again when it ends or does not ask for all that is wanted.
class subscription {
public:
  /// @pre `out` outlives it
  explicit subscription(outbox& out);

  /// @param capabilities of the server; nothing happens while there is nothing
  /// that it could tell
  void begin(const json& capabilities);
  void stop();

  /// From now on the server is to tell of these, too, as far as it can.
  void follow(followed wanted, timestamp now);

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
  [[nodiscard]] json filter() const;
  [[nodiscard]] bool covers_all() const;
  void request();

  outbox& out_;
  /// The server may know it.
  bool is_on_ = false;
  /// Of lists that change.
  json lists_ = json::object();
  bool tells_of_resources_ = false;
  followed wanted_;
  /// What the request that is open asks for.
  followed asked_;
  exchange_id exchange_ = exchange_id::none;
  std::optional<timestamp> again_at_;
  unsigned failures_ = 0;
};

} // namespace perdure::runtime::mcp

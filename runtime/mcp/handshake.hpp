#pragma once

#include "runtime/mcp/outbox.hpp"

#include <optional>
#include <variant>

namespace perdure::runtime::mcp {

/// What came of a request.
using rpc_outcome = std::variant<json, rpc_error>;

/// Finds out the era of a server and opens the session.
///
///   begin ---> asking the era ----------------------------------> ready
///     |          | any answer but a modern one, silence             ^
///     |          v                                                  |
///     +----> initializing ------------------------------------------+
///      (a legacy server, as is remembered or wanted)
///
/// A server on a child's pipes may die of the question; then the next `begin`
/// does not ask.
class handshake {
public:
  /// Nothing yet; the session is open; it cannot be opened; try another link.
  using news = std::variant<std::monostate, ready, call_failure, reopen>;

  /// @pre both outlive it
  handshake(const session_options& options, outbox& out);

  news begin(timestamp now);
  news answered(const rpc_outcome& outcome, timestamp now);
  news lost(const link_failure& reason, timestamp now);
  news down(const link_failure& reason);
  news tick(timestamp now);

  [[nodiscard]] bool waits_for(exchange_id exchange) const noexcept;
  [[nodiscard]] std::optional<timestamp> next_moment() const;

private:
  enum class phase { idle, asking, initializing };

  news ask(std::string version, timestamp now);
  news initialize(std::string version);
  news on_discovered(const json& result, timestamp now);
  news on_asked_error(const rpc_error& error, timestamp now);
  news on_initialized(const json& result);
  news on_initialize_error(const rpc_error& error, timestamp now);

  /// Begins anew with the best of what the server says that it speaks.
  news choose(const json& offered, timestamp now);
  news fail(call_failure reason);
  [[nodiscard]] bool may_be_legacy() const;

  const session_options& options_;
  outbox& out_;
  phase phase_ = phase::idle;
  exchange_id waiting_ = exchange_id::none;
  /// What is known of the server, from this process or before.
  era remembered_;
  /// Times a version was tried with one link.
  int tries_ = 0;
  std::optional<timestamp> asked_until_;
  std::optional<timestamp> deadline_;
};

} // namespace perdure::runtime::mcp

#pragma once

#include "runtime/mcp/handshake.hpp"
#include "runtime/mcp/outbox.hpp"
#include "runtime/mcp/pages.hpp"
#include "runtime/mcp/questions.hpp"
#include "runtime/mcp/result_cache.hpp"
#include "runtime/mcp/server_task.hpp"
#include "runtime/mcp/subscription.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::runtime::mcp {

/// The calls of a session that have not ended.
///
///              the session is open             the answer
///   waiting ------------------------> in flight -----------> ended
///      ^                               ^     |
///      | the session was lost          |     | a task of the server,
///      +-------------------------------+     v or not yet
///                                      +-- asleep
class calls {
public:
  /// @pre all outlive it
  calls(const session_options& options, outbox& out, questions& asked);

  call_id add(call_request request, timestamp now);
  void cancel(call_id call, std::string_view reason);

  // -- the session ------------------------------------------------------------

  /// Requests can be sent; sends those that wait.
  /// @param capabilities of the server
  void open(const json& capabilities, timestamp now);
  /// They cannot any more; what is in flight is lost.
  void shut(const call_failure& reason, timestamp now);
  void end_all(const call_failure& reason);

  // -- the server -------------------------------------------------------------

  /// @returns whether the exchange was one of these
  bool
  answered(exchange_id exchange, const rpc_outcome& outcome, timestamp now);

  enum class loss { settled, wants_session };
  /// `wants_session`: the call waits for another session.
  loss lost(exchange_id exchange, const link_failure& reason, timestamp now);

  void progress(const json& params, timestamp now);

  /// The list changed, or something that can be read.
  void forget(changed_kind what, std::string_view uri);

  /// The server says how a task of it is: one that is over, or needs something,
  /// is asked for at once.
  void task_changed(const json& params, timestamp now);

  /// What the server could tell of, in place of being asked again and again.
  [[nodiscard]] followed wants(timestamp now) const;

  // -- questions --------------------------------------------------------------

  [[nodiscard]] std::optional<call_id> call_of(exchange_id exchange) const;
  [[nodiscard]] std::optional<call_id>
  call_of_task(std::string_view task_id) const;
  /// The one call that a server could ask about; nothing if there are several.
  [[nodiscard]] std::optional<call_id> only_call() const;
  /// A question was closed: the time that it took does not count.
  void go_on(const questions::closed& question, timestamp now);

  // -- time -------------------------------------------------------------------

  void tick(timestamp now);
  [[nodiscard]] std::optional<timestamp> next_moment() const;

  [[nodiscard]] std::size_t size() const noexcept {
    return states_.size();
  }

private:
  enum class purpose { call, poll, fetch, update };

  struct state {
    call_id id{};
    call_request request;
    /// None unless in flight.
    exchange_id exchange = exchange_id::none;
    mcp::calls::purpose purpose = mcp::calls::purpose::call;
    /// What progress is told of.
    exchange_id token = exchange_id::none;
    std::optional<timestamp> deadline;
    std::optional<timestamp> hard_deadline;
    /// Set while asleep.
    std::optional<timestamp> wakes_at;
    std::optional<server_task> task;
    std::optional<mcp::pages> pages;
    std::optional<result_cache::slot> slot;
    /// Requests that were made again because of what came back.
    unsigned rounds = 0;
    unsigned lost_polls = 0;
    unsigned lost_sessions = 0;
  };

  // -- calls.cpp
  void begin(state& call, timestamp now);
  void fly(state& call, mcp::calls::purpose why, std::string_view method,
           json params, timestamp now);
  void sleep(state& call, std::chrono::milliseconds delay, timestamp now);
  void stop(state& call, call_failure_kind kind, std::string_view reason);
  void end(call_id call, call_outcome outcome);
  state* find(call_id call);

  // -- call_answers.cpp
  void on_call(state& call, const rpc_outcome& outcome, timestamp now);
  void on_completed(state& call, json result, timestamp now);
  void on_needs_input(state& call, needs_input wanted, timestamp now);
  void on_task(state& call, server_task task, timestamp now);
  void on_poll(state& call, const rpc_outcome& outcome, timestamp now);
  void on_fetched(state& call, const rpc_outcome& outcome);
  void on_updated(state& call, const rpc_outcome& outcome, timestamp now);
  bool speaks_other(state& call, const rpc_error& error, timestamp now);

  const session_options& options_;
  outbox& out_;
  questions& questions_;
  result_cache cache_;
  std::map<call_id, state> states_;
  std::map<exchange_id, call_id> flights_;
  std::map<exchange_id, call_id> tokens_;
  std::uint64_t last_ = 0;
  bool is_open_ = false;
  /// Legacy: calls can be made as tasks.
  bool runs_tasks_ = false;
};

} // namespace perdure::runtime::mcp

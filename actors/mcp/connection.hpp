#pragma once

#include "actors/mcp/board.hpp"
#include "actors/mcp/links.hpp"
#include "actors/mcp/log_quota.hpp"
#include "actors/mcp/messages.hpp"
#include "runtime/mcp/session.hpp"
#include "runtime/policy/restarts.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <unordered_map>

namespace perdure::actors {

using mcp_connection_actor = caf::typed_actor<
  // Answered to the call's caller, whatever becomes of the connection.
  caf::reacts_to<mcp_call>, caf::reacts_to<mcp_reply>,
  // Ends a quarantine.
  caf::reacts_to<forgive_atom>,
  // INTERNAL: work of the link.
  caf::reacts_to<mcp_work>,
  // INTERNAL: the timer with this number has run out.
  caf::reacts_to<timer_atom, std::uint64_t>>;

/// What all connections of a node share.
struct mcp_world {
  services_ptr services;
  std::shared_ptr<mcp_links> links;
  std::shared_ptr<mcp_board> board;
  runtime::mcp::client_abilities abilities;
  runtime::restart_limits restarts;
};

/// The era that a server turned out to be of, for the next connection.
using mcp_verdict = std::atomic<runtime::mcp::era>;

struct mcp_connection_options {
  mcp_world world;
  mcp_server_ptr server;
  /// Empty for a connection that is shared.
  std::string run_id;
  std::shared_ptr<mcp_verdict> verdict;
};

/// One connection to an MCP server: a link while it is needed, and the session
/// that is spoken over it.
///
///            a call            link open, handshake
///   idle ------------> opening --------------------> ready
///     ^                   | ^                          |
///     |   ended or failed | | not before its time      | ended
///     |                   v |                          v
///     |                 waiting <----------------------+
///     |                   |  too often
///     +---- time ---- quarantined
///
/// It is started when there is a call, and closed when there was none for long.
/// When it ends by itself, calls under way are lost, and calls that wait make
/// it start again. Calls to a connection in quarantine fail at once.
struct mcp_connection_state : private mcp_link_receiver {
  explicit mcp_connection_state(mcp_connection_actor::pointer self_ptr);
  ~mcp_connection_state() override;

  void start(mcp_connection_options given);
  void call(mcp_call& request);
  void reply(const mcp_reply& message);
  void forgive();
  void wake(std::uint64_t timer);
  /// A caller is gone.
  void drop(const caf::actor_addr& caller);

  static constexpr const char* name = "mcp-connection";

  mcp_connection_actor::pointer self;

private:
  struct pending_call {
    mcp_caller caller;
    std::uint64_t token = 0;
    runtime::timestamp began{};
    bool lists_tools = false;
  };

  // -- from the link
  void on_open() override;
  void on_message(std::string_view text,
                  runtime::mcp::exchange_id exchange) override;
  void on_lost(runtime::mcp::exchange_id exchange,
               runtime::mcp::link_failure reason) override;
  void on_down(runtime::mcp::link_failure reason) override;
  void on_log(std::string line) override;

  // -- steps of the session
  void perform(runtime::mcp::send& step);
  void perform(runtime::mcp::abandon& step);
  void perform(runtime::mcp::listen& step);
  void perform(runtime::mcp::reopen& step);
  void perform(runtime::mcp::done& step);
  void perform(runtime::mcp::noted& step);
  void perform(runtime::mcp::asked& step);
  void perform(runtime::mcp::withdrawn& step);
  void perform(runtime::mcp::progressed& step);
  void perform(runtime::mcp::elicited& step);
  void perform(runtime::mcp::logged& step);
  void perform(runtime::mcp::changed& step);
  void perform(runtime::mcp::ready& step);
  void perform(runtime::mcp::failed& step);
  void perform(runtime::mcp::ignored& step);

  /// Performs all steps, shows the state and sets the timer. The end of every
  /// handler.
  void settle();
  void open();
  void close_link();
  /// It ended by itself, or never came to work.
  void count_end(std::string why);
  void note_error(std::string why);
  void close_when_idle();
  void
  fail_calls(runtime::mcp::call_failure_kind kind, const std::string& message);
  void end_call(const pending_call& call, runtime::mcp::call_outcome outcome);
  void keep(const mcp_caller& caller);
  void let_go(const mcp_caller& caller);
  template <class Message>
  void tell(runtime::mcp::call_id call, Message message);
  [[nodiscard]] std::optional<runtime::timestamp> next_moment() const;
  [[nodiscard]] std::string quarantine_text() const;
  [[nodiscard]] mcp_state state() const;
  void show();
  void arm();
  [[nodiscard]] runtime::timestamp now() const;
  [[nodiscard]] std::string label() const;

  mcp_connection_options options_;
  std::shared_ptr<work_queue> queue_;
  std::optional<runtime::mcp::session> session_;
  std::shared_ptr<mcp_link> link_;
  mcp_board::key key_ = 0;
  runtime::restarts restarts_;
  log_quota quota_;
  std::unordered_map<runtime::mcp::call_id, pending_call> calls_;
  /// Calls of each caller that is monitored.
  std::unordered_map<caf::actor_addr, std::size_t> callers_;
  /// The session wants a link, with calls or without.
  bool wants_link_ = false;
  /// When the link must be open; absent when it is.
  std::optional<runtime::timestamp> open_until_;
  runtime::timestamp last_used_{};
  std::string last_error_;
  /// As the server said them last.
  std::string instructions_;
  runtime::json capabilities_;
  std::optional<runtime::timestamp> armed_;
  std::uint64_t timer_ = 0;
};

mcp_connection_actor::behavior_type mcp_connection(
  mcp_connection_actor::stateful_pointer<mcp_connection_state> self,
  mcp_connection_options options);

} // namespace perdure::actors

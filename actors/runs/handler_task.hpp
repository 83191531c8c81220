#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"
#include "runtime/agent/event_handler.hpp"
#include "runtime/agent/host_code.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace perdure::actors {

using handler_task_actor = caf::typed_actor<
  // INTERNAL: head, chunk or end of the endpoint's answer.
  caf::reacts_to<http_arrived>,
  // INTERNAL: the program has ended.
  caf::reacts_to<command_ended>,
  // INTERNAL: the host's function has.
  caf::reacts_to<function_ended>,
  // INTERNAL: the function has taken too long.
  caf::reacts_to<over_atom>>;

/// Whoever wants to know what became of the attempt.
using handler_task_parent = caf::typed_actor<caf::reacts_to<handling_ended>>;

struct handler_task_options {
  services_ptr services;
  handler_task_parent parent;
  std::shared_ptr<const runtime::event_handler> handler;
  /// Of the event and the attempt.
  runtime::host_context context;
  std::uint64_t number = 0;
  /// `{run_id, seq, time, event, agent}`.
  std::shared_ptr<const runtime::json> envelope;
};

/// One attempt at one event: sends it to the endpoint, runs the program or
/// calls the host's function, and reports once. Ends its effect when it goes
/// away; a function is asked to stop.
struct handler_task_state {
  explicit handler_task_state(handler_task_actor::pointer self_ptr);
  ~handler_task_state();

  void start();
  void post();
  void run_program();
  void call_function();
  void on(http_head& head);
  void on(std::string& chunk);
  void on(const http_failure& end);
  void on(const process_result& result);
  void on(const runtime::attempt_outcome& outcome);
  void time_out();
  void fail(std::string message, bool retryable);
  void report(std::optional<runtime::attempt_failure> failure);

  static constexpr const char* name = "handler-task";

  handler_task_actor::pointer self;
  handler_task_options options;
  http_client::id exchange = 0;
  http_head head;
  /// The beginning of what the endpoint says.
  std::string answer;
  process_runner::id process = 0;
  std::stop_source stop;
};

handler_task_actor::behavior_type
handler_task(handler_task_actor::stateful_pointer<handler_task_state> self,
             handler_task_options options);

} // namespace perdure::actors

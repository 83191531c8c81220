#pragma once

#include "actors/runs/task.hpp"
#include "runtime/agent/host_code.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <stop_token>

namespace perdure::actors {

using tool_task_actor = caf::typed_actor<
  // INTERNAL: the program behind the tool has ended.
  caf::reacts_to<command_ended>,
  // INTERNAL: the function behind the tool has.
  caf::reacts_to<function_ended>,
  // INTERNAL: the function has taken too long.
  caf::reacts_to<over_atom>>;

struct tool_task_options : task_options {
  runtime::definition_ptr definition;
  runtime::tool_call_part call;
  runtime::host_context context;
  /// A person has allowed this call, and said this.
  bool is_approved = false;
  runtime::json approval_metadata;
};

/// One attempt of a tool call: runs the program or the host's function and
/// reports once. Kills the program when it goes away; a function is asked to
/// stop, and what it comes to is dropped.
struct tool_task_state {
  explicit tool_task_state(tool_task_actor::pointer self_ptr);
  ~tool_task_state();

  void start();
  void run_function(const runtime::tool_definition& tool);
  void run_command(const runtime::tool_definition& tool);
  void on(process_result& result);
  void report(runtime::attempt_outcome outcome);
  void time_out();
  void fail(runtime::errc code, std::string message, bool retryable);

  static constexpr const char* name = "tool-task";

  tool_task_actor::pointer self;
  tool_task_options options;
  runtime::timestamp started_at{};
  std::chrono::milliseconds timeout{0};
  process_runner::id process = 0;
  std::stop_source stop;
  std::optional<counted> in_flight;
};

tool_task_actor::behavior_type
tool_task(tool_task_actor::stateful_pointer<tool_task_state> self,
          tool_task_options options);

} // namespace perdure::actors

#pragma once

#include "actors/runs/task.hpp"
#include "runtime/agent/tool_function.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perdure::actors {

using tool_task_actor = caf::typed_actor<
  // INTERNAL: the program behind the tool has ended.
  caf::reacts_to<command_ended>>;

struct tool_task_options : task_options {
  runtime::definition_ptr definition;
  runtime::tool_call_part call;
  std::string run_id;
  runtime::json deps;
};

/// One attempt of a tool call: runs the program or the host's function and
/// reports once. Kills the program when it goes away.
struct tool_task_state {
  explicit tool_task_state(tool_task_actor::pointer self_ptr);
  ~tool_task_state();

  void start();
  void run_function(const runtime::tool_definition& tool);
  void run_command(const runtime::tool_definition& tool);
  void on(process_result& result);
  void report(runtime::attempt_outcome outcome);
  void fail(runtime::errc code, std::string message, bool retryable);

  static constexpr const char* name = "tool-task";

  tool_task_actor::pointer self;
  tool_task_options options;
  runtime::timestamp started_at{};
  std::chrono::milliseconds timeout{0};
  process_runner::id process = 0;
  std::optional<counted> in_flight;
};

tool_task_actor::behavior_type
tool_task(tool_task_actor::stateful_pointer<tool_task_state> self,
          tool_task_options options);

} // namespace perdure::actors

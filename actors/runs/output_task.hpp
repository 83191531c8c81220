#pragma once

#include "actors/runs/task.hpp"
#include "runtime/agent/definition.hpp"
#include "runtime/agent/host_code.hpp"
#include "runtime/messages/message.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <stop_token>

namespace perdure::actors {

using output_task_actor = caf::typed_actor<
  // INTERNAL: the host program is done with the output.
  caf::reacts_to<function_ended>>;

struct output_task_options : task_options {
  runtime::definition_ptr definition;
  /// The output tool's call; absent for an answer in text.
  std::optional<runtime::tool_call_part> call;
  /// What the model gave.
  runtime::json value;
  /// Name of its type; empty for text.
  std::string type;
  runtime::host_context context;
};

/// One attempt at what the host program makes of an output: the function of its
/// type, then the validators in order. Reports once and ends.
struct output_task_state {
  explicit output_task_state(output_task_actor::pointer self_ptr);
  ~output_task_state();

  void start();
  void on(function_ended& ended);

  static constexpr const char* name = "output-task";

  output_task_actor::pointer self;
  output_task_options options;
  runtime::timestamp started_at{};
  std::stop_source stop;
};

output_task_actor::behavior_type
output_task(output_task_actor::stateful_pointer<output_task_state> self,
            output_task_options options);

} // namespace perdure::actors

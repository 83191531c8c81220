#pragma once

#include "actors/runs/task.hpp"
#include "runtime/agent/definition.hpp"
#include "runtime/agent/host_code.hpp"
#include "runtime/messages/message.hpp"

#include <caf/event_based_actor.hpp>

namespace perdure::actors {

struct output_task_options : task_options {
  runtime::definition_ptr definition;
  /// The output tool's call; absent for an answer in text.
  std::optional<runtime::tool_call_part> call;
  /// What the model gave.
  runtime::output_value given;
  /// Position of its type means nothing: the output is text.
  bool is_text = false;
  runtime::host_context context;
};

/// One attempt at what the host program makes of an output: the function of its
/// type, then the validators in order. Reports once and ends.
caf::behavior
output_task(caf::event_based_actor* self, output_task_options options);

} // namespace perdure::actors

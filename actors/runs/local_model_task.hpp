#pragma once

#include "actors/runs/task.hpp"
#include "runtime/models/local_model.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perdure::actors {

using local_model_task_actor = caf::typed_actor<
  // INTERNAL: time for the next word, or for the end.
  caf::reacts_to<next_atom>>;

struct local_model_task_options : task_options {
  runtime::local_answer answer;
};

/// One attempt of a model request that a local model has answered: speaks the
/// answer at its pace and reports once.
struct local_model_task_state {
  explicit local_model_task_state(local_model_task_actor::pointer self_ptr);

  void start();
  /// Speaks the next word of a text, or reports when there is none.
  void step();
  void publish(runtime::response_event event);
  void after(std::chrono::milliseconds delay);

  static constexpr const char* name = "local-model-task";

  local_model_task_actor::pointer self;
  local_model_task_options options;
  runtime::timestamp started_at{};
  /// Where in the response the speaker is.
  std::uint32_t part = 0;
  std::size_t offset = 0;
};

local_model_task_actor::behavior_type local_model_task(
  local_model_task_actor::stateful_pointer<local_model_task_state> self,
  local_model_task_options options);

} // namespace perdure::actors

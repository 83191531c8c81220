#pragma once

#include "actors/runs/task.hpp"
#include "runtime/models/model_turn.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>

namespace perdure::actors {

using model_task_actor = caf::typed_actor<
  // INTERNAL: head, chunk or end of the provider's answer.
  caf::reacts_to<http_arrived>,
  // INTERNAL: the time before the next exchange is over.
  caf::reacts_to<next_atom>,
  // INTERNAL: the time for the first event is over.
  caf::reacts_to<caf::timeout_atom>>;

struct model_task_options : task_options {
  binding_ptr binding;
  runtime::wire_request request;
  runtime::definition_ptr definition;
};

/// One attempt of a model request over HTTP: drives its turn through as many
/// exchanges as it takes, and reports once. Ends its exchange when it goes
/// away; work of the provider that is noted goes on.
struct model_task_state {
  explicit model_task_state(model_task_actor::pointer self_ptr);
  ~model_task_state();

  void start();
  void on(http_arrived& arrived);
  void on(http_head& head);
  void on(std::string& chunk);
  void on(http_failure& end);
  /// Gives up, unless something was said.
  void on_silence();
  void perform(runtime::turn_step step);
  void perform(runtime::turn_exchange& next);
  void perform(runtime::turn_result& result);
  /// Starts the exchange that comes next, unless the time is over.
  void open();
  void close();
  /// Ends the exchange, and the provider's work where it goes on without it.
  void abandon();
  /// Hands on what the model said since the last time, and what the request
  /// must be remembered by.
  void publish();

  static constexpr const char* name = "model-task";

  model_task_actor::pointer self;
  model_task_options options;
  std::optional<runtime::model_turn> turn;
  runtime::turn_exchange next;
  http_client::id exchange = 0;
  /// Exchanges begun; what arrives of an earlier one comes too late.
  std::uint64_t exchanges = 0;
  std::optional<counted> in_flight;
  runtime::timestamp started_at{};
  runtime::delta_sink sink;
  std::vector<runtime::response_event> said;
  bool has_spoken = false;

private:
  /// What is left of the task's time; nothing when it has no limit.
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_left() const;
};

model_task_actor::behavior_type
model_task(model_task_actor::stateful_pointer<model_task_state> self,
           model_task_options options);

} // namespace perdure::actors

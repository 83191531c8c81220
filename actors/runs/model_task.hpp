#pragma once

#include "actors/runs/task.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>

namespace perdure::actors {

using model_task_actor = caf::typed_actor<
  // INTERNAL: head, chunk or end of the provider's answer.
  caf::reacts_to<http_arrived>>;

struct model_task_options : task_options {
  binding_ptr binding;
  runtime::wire_request request;
};

/// One attempt of a model request over HTTP: sends it, reads the answer while
/// it comes, and reports once. Ends its exchange when it goes away.
struct model_task_state {
  explicit model_task_state(model_task_actor::pointer self_ptr);
  ~model_task_state();

  void start();
  void on(http_head& head);
  void on(std::string& chunk);
  void on(const http_failure& end);
  void report(runtime::attempt_outcome outcome);
  /// Hands on what the model said since the last time.
  void publish();

  static constexpr const char* name = "model-task";

  model_task_actor::pointer self;
  model_task_options options;
  http_client::id exchange = 0;
  std::optional<counted> in_flight;
  runtime::timestamp started_at{};
  http_head head;
  std::unique_ptr<runtime::response_reader> reader;
  /// Body of an answer that is an error.
  std::string error_body;
  std::vector<runtime::response_event> said;
};

model_task_actor::behavior_type
model_task(model_task_actor::stateful_pointer<model_task_state> self,
           model_task_options options);

} // namespace perdure::actors

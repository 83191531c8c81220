#include "actors/runs/local_model_task.hpp"

#include <utility>

namespace perdure::actors {

using runtime::errc;

local_model_task_state::local_model_task_state(
  local_model_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void local_model_task_state::start() {
  started_at = options.services->world->now();
  after(options.answer.delay);
}

void local_model_task_state::after(std::chrono::milliseconds delay) {
  if (delay.count() > 0)
    self->delayed_send(self, delay, next_atom_v);
  else
    step();
}

void local_model_task_state::step() {
  const auto& limit = options.policy.timeout;
  const auto now = options.services->world->now();
  if (limit && now - started_at > *limit) {
    self->send(
      options.parent,
      task_ended{{options.task, options.attempt, started_at,
                  runtime::attempt_failure{errc::model_timeout,
                                           "the model did not answer in time",
                                           true,
                                           {},
                                           0}}});
    self->quit();
    return;
  }
  auto& response = options.answer.response;
  // Without a pace nobody can watch it grow: the finished parts follow at once.
  while (options.task.kind == runtime::task_kind::model_request
         && options.answer.word_delay.count() > 0
         && part < response.parts.size()) {
    const auto* text = std::get_if<runtime::text_part>(&response.parts[part]);
    if (text == nullptr || offset >= text->content.size()) {
      ++part;
      offset = 0;
      continue;
    }
    if (offset == 0)
      publish(runtime::part_started{part, runtime::text_part{}});
    const auto space = text->content.find(' ', offset);
    const auto end
      = space == std::string::npos ? text->content.size() : space + 1;
    publish(runtime::part_grew{
      part, runtime::text_delta{text->content.substr(offset, end - offset)}});
    offset = end;
    if (offset >= text->content.size())
      publish(runtime::part_ended{part, *text});
    after(options.answer.word_delay);
    return;
  }
  response.time = now;
  self->send(options.parent, task_ended{{options.task, options.attempt,
                                         started_at, std::move(response)}});
  self->quit();
}

void local_model_task_state::publish(runtime::response_event event) {
  auto events = std::make_shared<std::vector<runtime::response_event>>();
  events->push_back(std::move(event));
  self->send(options.parent, response_grew{options.task.step, events});
}

local_model_task_actor::behavior_type local_model_task(
  local_model_task_actor::stateful_pointer<local_model_task_state> self,
  local_model_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](next_atom) { self->state.step(); },
  };
}

} // namespace perdure::actors

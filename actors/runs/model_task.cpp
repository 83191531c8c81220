#include "actors/runs/model_task.hpp"

#include "actors/runs/mailbox_receiver.hpp"
#include "actors/runs/provider_request.hpp"
#include "runtime/models/wire_settings.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using std::chrono::milliseconds;

model_task_state::model_task_state(model_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

model_task_state::~model_task_state() {
  close();
}

void model_task_state::start() {
  started_at = options.services->world->now();
  in_flight.emplace(options.services->metrics->model_requests);
  sink = [this](const auto& event) {
    has_spoken = true;
    said.push_back(event);
  };
  turn.emplace(runtime::turn_options{
    options.binding->codec, options.binding->identity, options.binding->profile,
    [world = options.services->world] {
      return "pyd_ai_" + world->make_token();
    },
    options.definition->model_settings, std::move(options.request),
    options.note, options.policy.timeout.has_value()});
  if (const auto patience = runtime::time_setting(
        options.definition->model_settings, "first_event_timeout"))
    self->delayed_send(self, *patience, caf::timeout_atom_v);
  perform(turn->begin(sink));
}

void model_task_state::on(http_arrived& arrived) {
  if (exchange != 0 && arrived.exchange == exchanges)
    std::visit([this](auto& x) { on(x); }, arrived.what);
}

void model_task_state::on(http_head& head) {
  turn->on_head(head.status, head.header("content-type"),
                head.header("retry-after"));
}

void model_task_state::on(std::string& chunk) {
  options.services->http->consumed(exchange, chunk.size());
  auto step = turn->on_body(chunk, sink);
  if (step)
    perform(std::move(*step));
  else
    publish();
}

void model_task_state::on(http_failure& end) {
  exchange = 0;
  std::optional<runtime::attempt_failure> broken;
  if (end.code != runtime::errc::none)
    broken = runtime::attempt_failure{
      end.code, std::move(end.message), !end.permanent, {}, 0};
  perform(
    turn->on_end(std::move(broken), options.services->world->now(), sink));
}

void model_task_state::on_silence() {
  if (has_spoken)
    return;
  abandon();
  perform(turn->fall_silent());
}

void model_task_state::perform(runtime::turn_step step) {
  publish();
  std::visit([this](auto& x) { perform(x); }, step);
}

void model_task_state::perform(runtime::turn_exchange& step) {
  close();
  next = std::move(step);
  const auto delay = std::min(next.delay, time_left().value_or(next.delay));
  if (delay.count() > 0)
    self->delayed_send(self, delay, next_atom_v);
  else
    open();
}

void model_task_state::perform(runtime::turn_result& result) {
  std::visit(
    [&](auto& outcome) {
      self->send(options.parent,
                 task_ended{{options.task, options.attempt, started_at,
                             std::move(outcome), std::move(result.note)}});
    },
    result.outcome);
  self->quit();
}

void model_task_state::open() {
  const auto left = time_left();
  if (left && left->count() <= 0) {
    abandon();
    return perform(turn->expire());
  }
  auto request = provider_request(*options.binding, next.request);
  if (request.method == "POST")
    request.headers.emplace_back("Idempotency-Key",
                                 options.idempotency_key + next.key_suffix);
  // The task's limit, the agent's setting, or the lesser of both.
  const auto& setting = next.request.timeout;
  if (left || setting)
    request.timeout = std::min(left.value_or(milliseconds::max()),
                               setting.value_or(milliseconds::max()));
  exchange = options.services->http->start(
    std::move(request),
    std::make_shared<mailbox_receiver<model_task_actor>>(self, ++exchanges));
}

void model_task_state::close() {
  if (exchange != 0)
    options.services->http->cancel(std::exchange(exchange, 0));
}

void model_task_state::abandon() {
  close();
  abandon_work(*options.services, *options.binding,
               options.definition->model_settings, turn->note());
}

void model_task_state::publish() {
  // Watchers see what the run's own requests bring.
  if (options.task.kind != runtime::task_kind::model_request)
    said.clear();
  if (!said.empty())
    self->send(options.parent,
               response_grew{
                 options.task.step,
                 std::make_shared<const std::vector<runtime::response_event>>(
                   std::exchange(said, {}))});
  if (auto note = turn->news())
    self->send(options.parent, task_remembered{options.task, options.attempt,
                                               std::move(*note)});
}

std::optional<milliseconds> model_task_state::time_left() const {
  if (!options.policy.timeout)
    return std::nullopt;
  const auto passed = options.services->world->now() - started_at;
  return *options.policy.timeout
         - std::chrono::duration_cast<milliseconds>(passed);
}

model_task_actor::behavior_type
model_task(model_task_actor::stateful_pointer<model_task_state> self,
           model_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](http_arrived& message) { self->state.on(message); },
    [self](next_atom) { self->state.open(); },
    [self](caf::timeout_atom) { self->state.on_silence(); },
  };
}

} // namespace perdure::actors

#include "actors/runs/model_task.hpp"

#include "actors/runs/mailbox_receiver.hpp"
#include "runtime/models/provider_table.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::attempt_failure;

namespace {

constexpr std::size_t error_body_max_bytes = 65'536;

http_request build(const model_task_options& options) {
  const auto& provider = options.binding->provider;
  http_request out;
  out.url = options.binding->url_of(options.request.path);
  out.headers = options.request.headers;
  out.headers.emplace_back("Content-Type", "application/json");
  out.headers.emplace_back("Idempotency-Key", options.idempotency_key);
  if (!provider.api_key.empty())
    out.headers.push_back(
      runtime::auth_header(provider.auth, provider.api_key));
  out.headers.insert(out.headers.end(), provider.headers.begin(),
                     provider.headers.end());
  out.body = options.request.body;
  // The task's limit, the agent's setting, or the lesser of both.
  const auto& limit = options.policy.timeout;
  const auto& setting = options.request.timeout;
  if (limit || setting)
    out.timeout = std::min(limit.value_or(std::chrono::milliseconds::max()),
                           setting.value_or(std::chrono::milliseconds::max()));
  return out;
}

} // namespace

model_task_state::model_task_state(model_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

model_task_state::~model_task_state() {
  if (exchange != 0)
    options.services->http->cancel(exchange);
}

void model_task_state::start() {
  started_at = options.services->world->now();
  in_flight.emplace(options.services->metrics->model_requests);
  exchange = options.services->http->start(
    build(options), std::make_shared<mailbox_receiver<model_task_actor>>(self));
}

void model_task_state::on(http_head& arrived) {
  head = std::move(arrived);
  if (head.status < 200 || head.status >= 300)
    return;
  reader = options.binding->codec->read(
    {options.binding->identity, options.binding->profile,
     std::string{head.header("content-type")},
     [world = options.services->world] {
       return "pyd_ai_" + world->make_token();
     }});
}

void model_task_state::on(std::string& chunk) {
  options.services->http->consumed(exchange, chunk.size());
  if (!reader) {
    const auto room = error_body_max_bytes - error_body.size();
    error_body.append(chunk, 0, std::min(room, chunk.size()));
    return;
  }
  auto failed
    = reader->feed(chunk, [this](const auto& event) { said.push_back(event); });
  publish();
  if (failed)
    report(std::move(*failed));
}

void model_task_state::on(const http_failure& end) {
  const auto now = options.services->world->now();
  exchange = 0;
  if (end.code != runtime::errc::none) {
    report(attempt_failure{end.code, end.message, !end.permanent, {}, 0});
    return;
  }
  if (!reader) {
    report(runtime::failure_of_status(
      head.status, error_body, head.header("retry-after"),
      options.binding->identity.model_name, now));
    return;
  }
  auto outcome
    = reader->finish(now, [this](const auto& event) { said.push_back(event); });
  publish();
  std::visit([this](auto& x) { report(std::move(x)); }, outcome);
}

void model_task_state::publish() {
  if (said.empty())
    return;
  self->send(
    options.parent,
    response_grew{options.task.step,
                  std::make_shared<const std::vector<runtime::response_event>>(
                    std::exchange(said, {}))});
}

void model_task_state::report(runtime::attempt_outcome outcome) {
  self->send(options.parent, task_ended{{options.task, options.attempt,
                                         started_at, std::move(outcome)}});
  self->quit();
}

model_task_actor::behavior_type
model_task(model_task_actor::stateful_pointer<model_task_state> self,
           model_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](http_arrived& message) {
      std::visit([self](auto& x) { self->state.on(x); }, message.what);
    },
  };
}

} // namespace perdure::actors

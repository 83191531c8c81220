#include "actors/runs/handler_task.hpp"

#include "actors/edges/signature.hpp"
#include "actors/runs/command_request.hpp"
#include "actors/runs/host_call.hpp"
#include "actors/runs/mailbox_receiver.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::handler_kind;

namespace {

constexpr std::size_t answer_kept_bytes = 500;
constexpr std::uint64_t answer_max_bytes = 1 << 20;

/// The POST that tells an endpoint of an event, every `${VAR}` filled in.
runtime::result<http_request>
make_post(const handler_task_options& options, std::string body) {
  const auto& node = *options.services;
  const auto& handler = *options.handler;
  http_request out;
  auto url = node.expand(handler.url);
  if (!url)
    return url.error();
  out.url = std::move(*url);
  out.headers.emplace_back("Content-Type", "application/json");
  out.headers.emplace_back("Idempotency-Key", options.context.idempotency_key);
  if (!handler.secret.empty()) {
    auto secret = node.expand(handler.secret);
    if (!secret)
      return secret.error();
    const auto now = std::chrono::floor<std::chrono::seconds>(
      node.world->now().time_since_epoch());
    out.headers.emplace_back("Perdure-Signature",
                             sign_body(*secret, now.count(), body));
  }
  for (const auto& [key, text] : handler.headers) {
    auto value = node.expand(text);
    if (!value)
      return value.error();
    out.headers.emplace_back(key, std::move(*value));
  }
  out.body.push_back(std::make_shared<const std::string>(std::move(body)));
  if (handler.policy.timeout)
    out.timeout = *handler.policy.timeout;
  out.response_max_bytes = answer_max_bytes;
  return out;
}

} // namespace

handler_task_state::handler_task_state(handler_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

handler_task_state::~handler_task_state() {
  stop.request_stop();
  if (exchange != 0)
    options.services->http->cancel(exchange);
  if (process != 0)
    options.services->processes->cancel(process);
}

void handler_task_state::start() {
  switch (options.handler->kind) {
    case handler_kind::http:
      return post();
    case handler_kind::command:
      return run_program();
    case handler_kind::function:
      return call_function();
  }
}

// -- an endpoint --------------------------------------------------------------

void handler_task_state::post() {
  auto request = make_post(options, runtime::to_text(*options.envelope));
  if (!request)
    return fail(request.error().message, false);
  exchange = options.services->http->start(
    std::move(*request),
    std::make_shared<mailbox_receiver<handler_task_actor>>(self));
}

void handler_task_state::on(http_head& arrived) {
  head = std::move(arrived);
}

void handler_task_state::on(std::string& chunk) {
  options.services->http->consumed(exchange, chunk.size());
  answer.append(chunk, 0, answer_kept_bytes - answer.size());
}

void handler_task_state::on(const http_failure& end) {
  exchange = 0;
  if (end.code != errc::none)
    return fail(end.message, end.code != errc::payload_too_large);
  if (head.status >= 200 && head.status < 300)
    return report(std::nullopt);
  runtime::attempt_failure reason{
    errc::event_handler_failed,
    "the endpoint answered " + std::to_string(head.status)
      + (answer.empty() ? answer : ": " + answer),
    runtime::is_retryable_status(head.status),
    runtime::parse_retry_after(head.header("retry-after"),
                               options.services->world->now()),
    static_cast<std::uint16_t>(head.status)};
  report(std::move(reason));
}

// -- a program ----------------------------------------------------------------

void handler_task_state::run_program() {
  const auto& context = options.context;
  auto request = command_request(*options.services, options.handler->command,
                                 runtime::to_text(*options.envelope));
  if (!request)
    return fail(request.error().message, false);
  if (options.handler->policy.timeout)
    request->timeout = *options.handler->policy.timeout;
  auto& environment = request->environment;
  environment.emplace_back("PERDURE_RUN_ID", context.run_id);
  environment.emplace_back("PERDURE_EVENT_SEQ", std::to_string(options.number));
  environment.emplace_back("PERDURE_IDEMPOTENCY_KEY", context.idempotency_key);
  environment.emplace_back("PERDURE_ATTEMPT", std::to_string(context.attempt));
  process = options.services->processes->start(
    std::move(*request),
    [task = handler_task_actor{self}](process_result result) {
      caf::anon_send(task, command_ended{std::move(result)});
    });
}

void handler_task_state::on(const process_result& result) {
  process = 0;
  if (auto reason = complaint("the program", result))
    return fail(std::move(*reason), result.end != process_end::not_started);
  report(std::nullopt);
}

// -- a function of the host program -------------------------------------------

void handler_task_state::call_function() {
  const auto& handler = *options.handler;
  const auto code = options.services->agents->code(options.context.agent);
  if (!code->handlers.contains(handler.name))
    return fail("event handler '" + handler.name
                  + "' is a function of the host program, which this node was "
                    "not given",
                false);
  runtime::event_invocation call{options.context, handler.name, options.number,
                                 *options.envelope};
  call.stop = stop.get_token();
  if (const auto timeout = handler.policy.timeout)
    self->delayed_send(self, *timeout, over_atom_v);
  call_host(
    *options.services, handler_task_actor{self},
    [code, call = std::move(call)] { return call_handler(code, call); });
}

void handler_task_state::on(const runtime::attempt_outcome& outcome) {
  if (const auto* failed = std::get_if<runtime::attempt_failure>(&outcome))
    return fail(failed->message, true);
  report(std::nullopt);
}

void handler_task_state::time_out() {
  fail("the function took too long", true);
}

// -- the end ------------------------------------------------------------------

void handler_task_state::fail(std::string message, bool retryable) {
  report(runtime::attempt_failure{
    errc::event_handler_failed, std::move(message), retryable, {}, 0});
}

void handler_task_state::report(
  std::optional<runtime::attempt_failure> failure) {
  self->send(options.parent,
             handling_ended{options.number, options.context.attempt,
                            std::move(failure)});
  self->quit();
}

handler_task_actor::behavior_type
handler_task(handler_task_actor::stateful_pointer<handler_task_state> self,
             handler_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](http_arrived& message) {
      std::visit([self](auto& x) { self->state.on(x); }, message.what);
    },
    [self](command_ended& message) { self->state.on(message.result); },
    [self](const function_ended& x) { self->state.on(x.outcome); },
    [self](over_atom) { self->state.time_out(); },
  };
}

} // namespace perdure::actors

#include "actors/runs/tool_task.hpp"

#include "actors/runs/command_request.hpp"
#include "actors/runs/host_call.hpp"
#include "runtime/flow/call_label.hpp"
#include "runtime/messages/model_text.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::json;
using runtime::tool_result;
using runtime::tool_result_kind;

namespace {

tool_result result_of(const runtime::tool_call_part& call,
                      tool_result_kind kind, json content) {
  return {call.tool_name, call.tool_call_id, kind, std::move(content), {}, {}};
}

/// Output that is JSON is a value; anything else is text.
json value_of(std::string output) {
  auto text = trimmed(std::move(output));
  if (auto value = runtime::parse_json(text))
    return std::move(*value);
  return text;
}

/// What the model is told by a program that wants it to try again.
std::string wish_of(process_result result) {
  auto text = trimmed(std::move(result.output));
  return text.empty() ? trimmed(std::move(result.error_output)) : text;
}

std::string seconds(std::chrono::milliseconds time) {
  auto text = runtime::to_text(json(static_cast<double>(time.count()) / 1000));
  return text;
}

} // namespace

tool_task_state::tool_task_state(tool_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

tool_task_state::~tool_task_state() {
  stop.request_stop();
  if (process != 0)
    options.services->processes->cancel(process);
}

void tool_task_state::start() {
  started_at = options.services->world->now();
  in_flight.emplace(options.services->metrics->tool_calls);
  const auto* tool = options.definition->tool(options.call.tool_name);
  if (tool == nullptr)
    return fail(errc::internal, "the agent has no such tool", false);
  timeout = std::min(
    tool->timeout.value_or(std::chrono::milliseconds::max()),
    options.policy.timeout.value_or(std::chrono::milliseconds::max()));
  if (timeout == std::chrono::milliseconds::max())
    timeout = {};
  if (tool->kind == runtime::tool_kind::command)
    run_command(*tool);
  else
    run_function(*tool);
}

void tool_task_state::run_function(const runtime::tool_definition& tool) {
  const auto code = options.services->agents->code(options.definition->name);
  const auto function = code->tools.find(tool.name);
  if (function == code->tools.end())
    return fail(errc::tool_error,
                "tool '" + tool.name
                  + "' is a function of the host program, which this node was "
                    "not given",
                false);
  runtime::tool_invocation call{std::move(options.context), tool.name,
                                options.call.tool_call_id,  options.is_approved,
                                options.approval_metadata,  json::object()};
  call.stop = stop.get_token();
  if (auto arguments
      = runtime::parse_json(runtime::arguments_text(options.call)))
    call.arguments = std::move(*arguments);
  if (code->quick_tools.contains(tool.name))
    return report(call_tool(code, call));
  if (timeout.count() > 0)
    self->delayed_send(self, timeout, over_atom_v);
  call_host(*options.services, tool_task_actor{self},
            [code, call = std::move(call)] { return call_tool(code, call); });
}

void tool_task_state::run_command(const runtime::tool_definition& tool) {
  auto made = command_request(*options.services, tool.command,
                              runtime::arguments_text(options.call));
  if (!made)
    return fail(errc::tool_error,
                "environment of tool '" + tool.name
                  + "': " + made.error().message,
                false);
  auto& request = *made;
  request.timeout = timeout;
  request.environment.emplace_back("PERDURE_RUN_ID", options.context.run_id);
  // What a model made up may be no value of a variable, or too long for one.
  request.environment.emplace_back(
    "PERDURE_TOOL_CALL_ID",
    runtime::call_label(options.call.tool_call_id, options.task.index));
  request.environment.emplace_back("PERDURE_IDEMPOTENCY_KEY",
                                   options.idempotency_key);
  request.environment.emplace_back("PERDURE_ATTEMPT",
                                   std::to_string(options.attempt));
  process = options.services->processes->start(
    std::move(*made), [task = tool_task_actor{self}](process_result result) {
      caf::anon_send(task, command_ended{std::move(result)});
    });
}

void tool_task_state::on(process_result& result) {
  process = 0;
  const auto tool = "tool '" + options.call.tool_name + "'";
  switch (result.end) {
    case process_end::exited:
      if (result.code == 0)
        report(result_of(options.call, tool_result_kind::returned,
                         value_of(std::move(result.output))));
      else if (result.code == exit_retry)
        report(result_of(options.call, tool_result_kind::retry,
                         wish_of(std::move(result))));
      else
        fail(errc::tool_error, *complaint(tool, result), true);
      break;
    case process_end::signalled:
      fail(errc::tool_error, *complaint(tool, result), true);
      break;
    case process_end::timed_out:
      time_out();
      break;
    case process_end::output_too_large:
      report(result_of(options.call, tool_result_kind::failed,
                       *complaint(tool, result)));
      break;
    case process_end::not_started:
      fail(errc::tool_error, *complaint(tool, result), false);
      break;
  }
}

void tool_task_state::time_out() {
  fail(errc::tool_timeout, "Timed out after " + seconds(timeout) + " seconds.",
       true);
}

void tool_task_state::fail(errc code, std::string message, bool retryable) {
  report(runtime::attempt_failure{code, std::move(message), retryable, {}, 0});
}

void tool_task_state::report(runtime::attempt_outcome outcome) {
  self->send(options.parent, task_ended{{options.task, options.attempt,
                                         started_at, std::move(outcome)}});
  self->quit();
}

tool_task_actor::behavior_type
tool_task(tool_task_actor::stateful_pointer<tool_task_state> self,
          tool_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](command_ended& message) { self->state.on(message.result); },
    [self](function_ended& x) { self->state.report(std::move(x.outcome)); },
    [self](over_atom) { self->state.time_out(); },
  };
}

} // namespace perdure::actors

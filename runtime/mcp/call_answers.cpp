#include "runtime/mcp/calls.hpp"
#include "runtime/mcp/failure_reader.hpp"
#include "runtime/mcp/result_reader.hpp"
#include "runtime/mcp/version.hpp"

#include <utility>

namespace perdure::runtime::mcp {

namespace {

constexpr unsigned rounds_max = 16;

/// How long to wait for a server that has nothing to ask and is not ready.
constexpr std::chrono::milliseconds not_yet_delay{1'000};

call_failure bad_answer(std::string message) {
  return {.kind = call_failure_kind::bad_answer,
          .message = std::move(message),
          .data = {},
          .challenge = {}};
}

} // namespace

void calls::on_call(state& call, const rpc_outcome& outcome, timestamp now) {
  result_reading reading;
  if (const auto* error = std::get_if<rpc_error>(&outcome)) {
    if (speaks_other(call, *error, now))
      return;
    reading = read_error(*error, call.request);
  } else {
    const auto roots
      = options_.roots.empty() ? json{} : roots_result(options_.roots);
    reading = read_result(std::get<json>(outcome), call.request, out_.spoken(),
                          roots);
  }
  if (auto* whole = std::get_if<completed>(&reading))
    on_completed(call, std::move(whole->result), now);
  else if (auto* wanted = std::get_if<needs_input>(&reading))
    on_needs_input(call, std::move(*wanted), now);
  else if (auto* task = std::get_if<server_task>(&reading))
    on_task(call, std::move(*task), now);
  else
    end(call.id, std::get<call_failure>(std::move(reading)));
}

void calls::on_completed(state& call, json result, timestamp now) {
  const auto key = items_key(call.request.method);
  if (call.request.all_pages && !key.empty()) {
    if (!call.pages)
      call.pages.emplace(key);
    if (auto problem = call.pages->add(std::move(result)); !problem.empty())
      return end(call.id, bad_answer(std::move(problem)));
    if (call.pages->cursor())
      return begin(call, now);
    result = call.pages->take();
  }
  if (call.slot)
    cache_.keep(*call.slot, out_.spoken(), result, now);
  end(call.id, completed{std::move(result)});
}

void calls::on_needs_input(state& call, needs_input wanted, timestamp now) {
  if (!wanted.requests.empty())
    return end(call.id, std::move(wanted));
  // What was made of somebody's input is no answer for others.
  call.slot.reset();
  // Nothing that anybody else has to answer.
  if (++call.rounds > rounds_max)
    return end(call.id, bad_answer("the server asks the same again and again"));
  const auto is_not_yet = wanted.responses.empty();
  call.request.input_responses
    = is_not_yet ? json{} : std::move(wanted.responses);
  call.request.request_state = std::move(wanted.request_state);
  if (is_not_yet)
    sleep(call, not_yet_delay, now);
  else
    begin(call, now);
}

void calls::on_task(state& call, server_task task, timestamp now) {
  call.task = std::move(task);
  // What was said before the task began is no answer to what it asks.
  call.request.input_responses = nullptr;
  out_.put(noted{call.id, note_of(*call.task)});
  sleep(call, call.task->poll_interval, now);
}

void calls::on_poll(state& call, const rpc_outcome& outcome, timestamp now) {
  if (const auto* error = std::get_if<rpc_error>(&outcome)) {
    if (speaks_other(call, *error, now))
      return;
    auto failure = to_call_failure(*error);
    failure.message = "the server does not say how its task " + call.task->id
                      + " is: " + failure.message;
    return end(call.id, std::move(failure));
  }
  call.lost_polls = 0;
  auto reading = read_task(std::get<json>(outcome), *call.task);
  if (std::holds_alternative<task_working>(reading))
    sleep(call, call.task->poll_interval, now);
  else if (std::holds_alternative<task_result_due>(reading))
    fly(call, purpose::fetch, "tasks/result", {{"taskId", call.task->id}}, now);
  else if (auto* whole = std::get_if<completed>(&reading))
    end(call.id, std::move(*whole));
  else if (auto* wanted = std::get_if<needs_input>(&reading))
    end(call.id, std::move(*wanted));
  else
    end(call.id, std::get<call_failure>(std::move(reading)));
}

void calls::on_fetched(state& call, const rpc_outcome& outcome) {
  if (const auto* error = std::get_if<rpc_error>(&outcome))
    return end(call.id, to_call_failure(*error));
  const auto& result = std::get<json>(outcome);
  if (result.is_object())
    end(call.id, completed{result});
  else
    end(call.id, bad_answer("the result of the server's task is no object"));
}

void calls::on_updated(state& call, const rpc_outcome& outcome, timestamp now) {
  if (const auto* error = std::get_if<rpc_error>(&outcome)) {
    if (!speaks_other(call, *error, now))
      end(call.id, to_call_failure(*error));
    return;
  }
  for (const auto& [key, answer] : call.request.input_responses.items())
    call.task->answered.push_back(key);
  call.request.input_responses = nullptr;
  out_.put(noted{call.id, note_of(*call.task)});
  sleep(call, call.task->poll_interval, now);
}

/// A modern server may stop to speak a version; then another one is tried.
bool calls::speaks_other(state& call, const rpc_error& error, timestamp now) {
  if (error.code != rpc_code::unsupported_version
      || out_.spoken() != era::modern || !error.data.is_object())
    return false;
  const auto offered = error.data.find("supported");
  if (offered == error.data.end())
    return false;
  auto version = choose_version(*offered, options_.version);
  if (era_of(version) != era::modern || ++call.rounds > rounds_max)
    return false;
  out_.speak(era::modern, std::move(version));
  begin(call, now);
  return true;
}

} // namespace perdure::runtime::mcp

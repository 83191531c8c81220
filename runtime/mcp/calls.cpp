#include "runtime/mcp/calls.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/mcp/failure_reader.hpp"
#include "runtime/mcp/result_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace perdure::runtime::mcp {

namespace {

/// Sessions that the server may lose under one call.
constexpr unsigned lost_sessions_max = 2;
constexpr unsigned lost_polls_max = 5;

call_failure fail(call_failure_kind kind, std::string message) {
  return {
    .kind = kind, .message = std::move(message), .data = {}, .challenge = {}};
}

std::optional<timestamp>
deadline_after(std::chrono::milliseconds timeout, timestamp now) {
  if (timeout.count() <= 0)
    return std::nullopt;
  return later(now, timeout);
}

void take_earlier(std::optional<timestamp>& out,
                  const std::optional<timestamp>& other) {
  if (other && (!out || *other < *out))
    out = other;
}

/// Whether `tasks.requests.tools.call` is there.
bool can_run_tasks(const json& capabilities) {
  const auto* at = &capabilities;
  for (const auto* key : {"tasks", "requests", "tools", "call"}) {
    at = object_at(*at, key);
    if (at == nullptr)
      return false;
  }
  return true;
}

bool is_due(const std::optional<timestamp>& moment, timestamp now) {
  return moment && *moment <= now;
}

} // namespace

calls::calls(const session_options& options, outbox& out, questions& asked)
  : options_(options), out_(out), questions_(asked) {
  // nop
}

call_id calls::add(call_request request, timestamp now) {
  const auto id = static_cast<call_id>(++last_);
  auto& call = states_[id];
  call.id = id;
  call.request = std::move(request);
  call.deadline = deadline_after(call.request.timeout, now);
  call.hard_deadline = deadline_after(call.request.hard_timeout, now);
  if (is_open_)
    begin(call, now);
  return id;
}

void calls::cancel(call_id id, std::string_view reason) {
  if (auto* call = find(id))
    stop(*call, call_failure_kind::cancelled, reason);
}

void calls::open(const json& capabilities, timestamp now) {
  is_open_ = true;
  runs_tasks_ = can_run_tasks(capabilities);
  if (out_.spoken() == era::legacy)
    cache_.clear();
  std::vector<call_id> waiting;
  for (const auto& [id, call] : states_)
    if (!call.wakes_at)
      waiting.push_back(id);
  for (const auto id : waiting)
    if (auto* call = find(id))
      begin(*call, now);
}

void calls::shut(const call_failure& reason, timestamp now) {
  is_open_ = false;
  const auto flying = std::exchange(flights_, {});
  for (const auto& [exchange, id] : flying) {
    auto* call = find(id);
    if (call == nullptr)
      continue;
    call->exchange = exchange_id::none;
    // The server goes on with a task, whoever listens.
    if (call->task)
      sleep(*call, call->task->poll_interval, now);
    else
      end(id, reason);
  }
}

void calls::end_all(const call_failure& reason) {
  while (!states_.empty())
    end(states_.begin()->first, reason);
}

bool calls::answered(exchange_id exchange, const rpc_outcome& outcome,
                     timestamp now) {
  const auto flight = flights_.extract(exchange);
  if (flight.empty())
    return false;
  auto& call = states_.at(flight.mapped());
  call.exchange = exchange_id::none;
  switch (call.purpose) {
    case purpose::call:
      on_call(call, outcome, now);
      break;
    case purpose::poll:
      on_poll(call, outcome, now);
      break;
    case purpose::fetch:
      on_fetched(call, outcome);
      break;
    case purpose::update:
      on_updated(call, outcome, now);
      break;
  }
  return true;
}

calls::loss
calls::lost(exchange_id exchange, const link_failure& reason, timestamp now) {
  const auto flight = flights_.extract(exchange);
  if (flight.empty())
    return loss::settled;
  auto& call = states_.at(flight.mapped());
  call.exchange = exchange_id::none;
  if (reason.what == link_failure::kind::session_lost
      && ++call.lost_sessions <= lost_sessions_max)
    return loss::wants_session;
  const auto error = error_in_body(reason);
  const auto is_answer
    = error
      && (error->code == rpc_code::unsupported_version
          || error->code == rpc_code::url_elicitation_required);
  if (is_answer && call.purpose == purpose::call) {
    on_call(call, *error, now);
    return loss::settled;
  }
  auto failure = to_call_failure(reason);
  if (call.task && failure.is_retryable()
      && ++call.lost_polls <= lost_polls_max)
    sleep(call, call.task->poll_interval * (1 << call.lost_polls), now);
  else
    end(call.id, std::move(failure));
  return loss::settled;
}

void calls::progress(const json& params, timestamp now) {
  const auto token = params.find("progressToken");
  const auto value = params.find("progress");
  const auto number = token == params.end() ? std::nullopt : to_integer(*token);
  const auto known
    = number ? tokens_.find(static_cast<exchange_id>(*number)) : tokens_.end();
  if (known == tokens_.end() || value == params.end() || !value->is_number())
    return;
  auto& call = states_.at(known->second);
  progressed out{call.id, value->get<double>(), std::nullopt,
                 text_at(params, "message")};
  if (const auto total = params.find("total");
      total != params.end() && total->is_number())
    out.total = total->get<double>();
  if (call.exchange != exchange_id::none)
    call.deadline = deadline_after(call.request.timeout, now);
  out_.put(std::move(out));
}

void calls::forget(changed_kind what, std::string_view uri) {
  cache_.forget(what, uri);
}

void calls::task_changed(const json& params, timestamp now) {
  if (text_at(params, "status") == "working")
    return;
  const auto id = call_of_task(text_at(params, "taskId"));
  auto* call = id ? find(*id) : nullptr;
  if (call != nullptr && call->wakes_at && is_open_)
    begin(*call, now);
}

followed calls::wants(timestamp now) const {
  followed out;
  for (const auto& [id, call] : states_)
    if (call.task)
      out.tasks.insert(call.task->id);
  out.resources = cache_.resources(now);
  return out;
}

std::optional<call_id> calls::call_of(exchange_id exchange) const {
  const auto found = flights_.find(exchange);
  if (found == flights_.end())
    return std::nullopt;
  return found->second;
}

std::optional<call_id> calls::call_of_task(std::string_view task_id) const {
  for (const auto& [id, call] : states_)
    if (call.task && call.task->id == task_id)
      return id;
  return std::nullopt;
}

std::optional<call_id> calls::only_call() const {
  std::optional<call_id> out;
  for (const auto& [id, call] : states_) {
    // Nobody asks a person in order to list tools.
    if (!items_key(call.request.method).empty())
      continue;
    if (out)
      return std::nullopt;
    out = id;
  }
  return out;
}

void calls::go_on(const questions::closed& question, timestamp now) {
  auto* call = find(question.call);
  if (call == nullptr || questions_.is_open(question.call))
    return;
  call->deadline = deadline_after(call->request.timeout, now);
  if (call->hard_deadline)
    *call->hard_deadline += question.held;
}

void calls::tick(timestamp now) {
  std::vector<call_id> due;
  for (const auto& [id, call] : states_)
    if (!questions_.is_open(id)
        && (is_due(call.deadline, now) || is_due(call.hard_deadline, now)
            || (is_open_ && is_due(call.wakes_at, now))))
      due.push_back(id);
  for (const auto id : due) {
    auto* call = find(id);
    if (call == nullptr)
      continue;
    if (is_due(call->hard_deadline, now))
      stop(*call, call_failure_kind::timed_out,
           "the call took longer than its hard timeout");
    else if (is_due(call->deadline, now))
      stop(*call, call_failure_kind::timed_out,
           "the server was silent for longer than the timeout");
    else
      begin(*call, now);
  }
}

std::optional<timestamp> calls::next_moment() const {
  std::optional<timestamp> out;
  for (const auto& [id, call] : states_) {
    if (questions_.is_open(id))
      continue;
    take_earlier(out, call.deadline);
    take_earlier(out, call.hard_deadline);
    if (is_open_)
      take_earlier(out, call.wakes_at);
  }
  return out;
}

void calls::begin(state& call, timestamp now) {
  auto& request = call.request;
  call.wakes_at.reset();
  request.as_task = request.as_task && runs_tasks_;
  if (!call.task && !request.note.is_null()) {
    call.task = task_from_note(request.note);
    if (!call.task)
      return end(call.id, fail(call_failure_kind::not_sent,
                               "the note of this call names no task"));
  }
  if (call.task && request.input_responses.is_object())
    return fly(
      call, purpose::update, "tasks/update",
      {{"taskId", call.task->id}, {"inputResponses", request.input_responses}},
      now);
  if (call.task)
    return fly(call, purpose::poll, "tasks/get", {{"taskId", call.task->id}},
               now);
  if (options_.caches_lists && request.input_responses.is_null()
      && !request.request_state && !call.pages)
    call.slot
      = cache_.slot_for(request.method, request.params, request.all_pages);
  const auto* kept
    = call.slot && !request.is_fresh ? cache_.find(*call.slot, now) : nullptr;
  if (kept != nullptr)
    return end(call.id, completed{*kept});
  const auto token = out_.next_exchange();
  auto params
    = params_of(request, out_.spoken(), static_cast<std::int64_t>(token));
  if (call.pages && call.pages->cursor())
    params["cursor"] = *call.pages->cursor();
  if (request.wants_progress) {
    tokens_.erase(call.token);
    call.token = token;
    tokens_.emplace(token, call.id);
  }
  fly(call, purpose::call, request.method, std::move(params), now);
}

void calls::fly(state& call, mcp::calls::purpose why, std::string_view method,
                json params, timestamp now) {
  call.purpose = why;
  call.deadline = deadline_after(call.request.timeout, now);
  call.exchange
    = out_.request(method, std::move(params), call.request.header_params);
  flights_.emplace(call.exchange, call.id);
}

void calls::sleep(state& call, std::chrono::milliseconds delay, timestamp now) {
  // Asleep the call waits for nobody, so only its hard timeout counts.
  call.deadline.reset();
  call.wakes_at = later(now, delay);
}

void calls::stop(state& call, call_failure_kind kind, std::string_view reason) {
  if (call.exchange != exchange_id::none)
    out_.give_up(call.exchange, reason);
  if (call.task && is_open_)
    out_.request("tasks/cancel", {{"taskId", call.task->id}});
  end(call.id, fail(kind, std::string{reason}));
}

void calls::end(call_id id, call_outcome outcome) {
  const auto call = states_.extract(id);
  if (call.empty())
    return;
  flights_.erase(call.mapped().exchange);
  tokens_.erase(call.mapped().token);
  questions_.withdraw(id);
  out_.put(done{id, std::move(outcome)});
}

calls::state* calls::find(call_id call) {
  const auto found = states_.find(call);
  return found == states_.end() ? nullptr : &found->second;
}

} // namespace perdure::runtime::mcp

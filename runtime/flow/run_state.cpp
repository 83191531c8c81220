#include "runtime/flow/run_state.hpp"

#include "runtime/flow/deferred.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace perdure::runtime {

namespace {

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) {
    if (!out.empty())
      out += "\n\n";
    out += text;
  }
  return out;
}

} // namespace

run_state::run_state(definition_ptr definition_in, template_renderer render)
  : definition(std::move(definition_in)), render_(std::move(render)) {
  assert(definition != nullptr);
}

void run_state::apply(const entry& next) {
  ++sequence_;
  last_time = time_of(next);
  const auto goes_on = phase != run_phase::ended;
  if (goes_on || std::holds_alternative<event_handled>(next))
    std::visit([this](const auto& x) { on(x); }, next);
  if (goes_on)
    owe_events(next);
}

void run_state::on(const task_started& x) {
  if (auto* task = open_task(x.task); task != nullptr) {
    task->attempt_started = x.attempt;
    task->retry_at.reset();
  }
}

void run_state::on(const attempt_failed& x) {
  auto* task = open_task(x.task);
  if (task == nullptr || x.attempt <= task->attempts_over)
    return;
  task->attempts_over = x.attempt;
  task->retry_at = x.retry_at;
  task->last_error = x.reason.message;
  task->note = nullptr;
  if (x.fallback == 0)
    return;
  fallback = x.fallback;
  task->attempts_free = x.attempt;
  task->retry_at.reset();
}

void run_state::on(const task_noted& x) {
  auto* task = open_task(x.task);
  if (task == nullptr)
    return;
  task->note = x.note;
  if (!x.ends_attempt || x.attempt <= task->attempts_over)
    return;
  task->attempts_over = x.attempt;
  ++task->attempts_free;
  task->retry_at.reset();
  task->elicited.clear(); // it is asked for something else now
}

void run_state::on(const run_taken_over& x) {
  // What a handler held back was not even looked at.
  if (phase == run_phase::calling && is_held() && is_fresh(calls)
      && samplings.empty())
    return;
  cut_off_questions();
  auto tasks = admitted_tasks();
  // What waited for the model was at work as well.
  for (const auto& task : open_tasks())
    if (progress(task).samplings > 0)
      tasks.push_back(task);
  for (const auto& task : tasks) {
    auto& progress = *open_task(task);
    // Where the intent is journaled, it says what was under way; so does a time
    // that has not come.
    const auto must_not_repeat
      = policy(task).on_interrupt != on_interrupt::retry;
    if (must_not_repeat || (progress.retry_at && *progress.retry_at > x.time))
      continue;
    ++progress.attempts_over;
    ++progress.attempts_free;
    progress.retry_at.reset();
  }
}

void run_state::on(const task_completed& x) {
  auto* task = open_task(x.task);
  if (task == nullptr)
    return;
  if (!first_outcome_at)
    first_outcome_at = x.started_at;
  task->note = nullptr;
  if (x.task.kind == task_kind::sampling)
    on_sampled(x);
  else if (const auto* error = std::get_if<task_error>(&x.outcome))
    fatal = *error;
  else if (const auto* response = std::get_if<model_response>(&x.outcome))
    on_response(x, *response);
  else if (const auto* listing = std::get_if<tool_listing>(&x.outcome))
    on_listing(x, *listing);
  else
    on_result(x, std::get<tool_result>(x.outcome));
}

void run_state::on_response(const task_completed& x,
                            const model_response& response) {
  auto stored = response;
  stored.run_id = created.run_id;
  stored.conversation_id = created.input.conversation_id;
  stored.time = x.time;
  if (!x.cached_from.empty())
    stored.usage = {}; // another run has paid for it
  add(used, stored.usage);
  history.push_back(std::make_shared<const message>(std::move(stored)));
  ++used.requests;
  open_calls();
}

void run_state::on_result(const task_completed& x, const tool_result& result) {
  if (x.task.kind == task_kind::output)
    answer_result = result;
  else
    settle_call(x.task.index, result, x.attempts, x.time);
}

void run_state::settle_call(std::uint32_t index, tool_result result,
                            std::uint32_t attempts, timestamp time) {
  auto& call = calls[index];
  call.progress.question.reset();
  call.attempts = attempts;
  call.completed_at = time;
  call.result = std::move(result);
  const auto kind = call.result->kind;
  if (kind == tool_result_kind::returned)
    ++used.tool_calls;
  if (kind == tool_result_kind::retry && !call.output)
    charge_retry(*call.result);
  if (fatal)
    return;
  const auto open = [](const call_state& y) { return !y.result; };
  if (std::none_of(calls.begin(), calls.end(), open))
    close_calls(message_state::complete);
}

void run_state::charge_retry(const tool_result& result) {
  const auto* tool = definition->tool(result.tool_name);
  const auto budget = tool != nullptr
                        ? tool->max_retries.value_or(definition->tool_retries)
                        : definition->tool_retries;
  if (retries_of(result.tool_name) < budget)
    return;
  fatal = task_error{
    errc::tool_retries_exceeded,
    "tool '" + result.tool_name + "' exceeded max retries count of "
      + std::to_string(budget)
      + "; the model would have been told: " + to_text(result.content)};
}

void run_state::charge_outputs() {
  for (const auto& call : calls) {
    if (!call.output || !call.result
        || call.result->kind != tool_result_kind::retry
        || retries_of(call.result->tool_name) < definition->output_retries)
      continue;
    fatal = task_error{errc::output_retries_exceeded,
                       "exceeded maximum output retries ("
                         + std::to_string(definition->output_retries) + ") of '"
                         + call.result->tool_name
                         + "'; the model would have been told: "
                         + to_text(call.result->content)};
    return;
  }
}

void run_state::on(const output_rejected& x) {
  if (phase != run_phase::answered)
    return;
  ++output_retries;
  std::vector<request_part> parts;
  // What became of calls besides the answer goes out with its rejection.
  if (const auto* told = std::get_if<model_request>(history.back().get())) {
    parts = told->parts;
    history.pop_back();
  }
  parts.emplace_back(retry_prompt_part{x.content, {}, {}, x.time});
  begin_request(std::move(parts), x.time);
}

void run_state::on(const cancel_requested& x) {
  cancelling = true;
  cancel_reason = x.reason;
}

void run_state::on(const run_ended& x) {
  if (phase == run_phase::preparing)
    begin(); // it shows what it was asked all the same
  const auto has_result = [](const call_state& y) { return y.result; };
  if (phase == run_phase::calling
      && std::any_of(calls.begin(), calls.end(), has_result))
    close_calls(message_state::interrupted);
  phase = run_phase::ended;
  ended = x;
}

// -- people -------------------------------------------------------------------

void run_state::on(const question_asked& x) {
  auto* task = open_task(x.task);
  if (task == nullptr)
    return;
  task->question = open_question{x.kind,      x.time,     x.expires_at,
                                 x.on_expiry, x.metadata, x.attempt};
  ++task->questions;
  task->retry_at.reset();
  if (x.attempt > 0)
    return; // it is at work and goes on
  // A tool that asks has not done its work yet.
  if (x.kind != question_kind::in_doubt && task->in_doubt())
    task->attempts_over = task->attempt_started;
}

void run_state::on(const question_answered& x) {
  auto* task = open_task(x.task);
  if (task == nullptr || !task->question)
    return;
  const auto asked = *std::exchange(task->question, std::nullopt);
  if (x.verdict == verdict::expired && asked.on_expiry == on_expiry::fail) {
    fatal = task_error{errc::approval_expired,
                       "nobody answered in time: " + x.message};
    return;
  }
  if (asked.kind == question_kind::elicitation)
    return answer_elicitation(*task, x, asked);
  if (x.verdict != verdict::approved)
    return settle_question(x, asked);
  task->is_approved = true;
  task->is_cut_off = false;
  task->approval_metadata = x.metadata;
  // The attempt whose outcome is unknown is void, and another one follows.
  task->attempts_over = std::max(task->attempts_over, task->attempt_started);
  task->attempts_free = task->attempts_over;
  if (x.task.kind == task_kind::tool_call && !x.arguments.is_null())
    calls[x.task.index].arguments = x.arguments;
}

void run_state::settle_question(const question_answered& x,
                                const open_question& asked) {
  if (x.task.kind != task_kind::tool_call) {
    fatal
      = task_error{errc::outcome_unknown,
                   "an attempt was interrupted, its outcome is unknown, and "
                   "it was decided not to run it again"};
    return;
  }
  const auto& progress = calls[x.task.index].progress;
  const auto& part = *calls[x.task.index].part;
  settle_call(x.task.index,
              x.result ? *x.result : denied_result(part, asked.kind, x.message),
              std::max(progress.attempts_over, progress.attempt_started),
              x.time);
}

// -- rounds -------------------------------------------------------------------

void run_state::open_calls() {
  const auto by_tool
    = definition->output.is_structured() && mode_in_use() == output_mode::tool;
  calls = open_round(*definition, last_response(), by_tool);
  samplings.clear();
  answer = {};
  answer_result.reset();
  phase = calls.empty() ? run_phase::answered : run_phase::calling;
}

void run_state::close_calls(message_state state) {
  const auto chosen = state == message_state::complete
                        ? final_output(*definition, calls)
                        : std::nullopt;
  // With no output among them it is the text besides them that ended the run.
  const auto is_skipped
    = std::all_of(calls.begin(), calls.end(), [](const call_state& call) {
        return call.result && call.result->kind == tool_result_kind::skipped;
      });
  auto parts = std::exchange(prior_parts_, {});
  for (auto& part : parts_of(calls, chosen))
    parts.push_back(std::move(part));
  if (!chosen)
    charge_outputs();
  count_retries();
  timestamp closed{};
  for (const auto& call : calls)
    if (call.result)
      closed = std::max(closed, call.completed_at);
  if (chosen)
    output = calls[*chosen].result->content;
  calls.clear();
  samplings.clear();
  if (!chosen && !is_skipped && state == message_state::complete)
    return begin_request(std::move(parts), closed);
  add_request(std::move(parts), closed, state);
  phase = run_phase::answered;
}

void run_state::count_retries() {
  auto counts = tool_retries_;
  const auto each = [this](tool_result_kind kind, const auto& apply) {
    for (const auto& call : calls)
      if (call.result && call.result->kind == kind)
        apply(call.result->tool_name);
  };
  // A tool that worked starts anew, unless it also asked for a retry; one that
  // was not called, or failed for good, keeps its count.
  each(tool_result_kind::returned,
       [&](const std::string& name) { counts.erase(name); });
  each(tool_result_kind::retry,
       [&](const std::string& name) { counts[name] = retries_of(name) + 1; });
  tool_retries_ = std::move(counts);
}

void run_state::add_request(std::vector<request_part> parts, timestamp time,
                            message_state state) {
  model_request request;
  request.parts = std::move(parts);
  request.time = time;
  if (!instructions.empty())
    request.instructions = join(instructions);
  request.run_id = created.run_id;
  request.conversation_id = created.input.conversation_id;
  request.state = state;
  history.push_back(std::make_shared<const message>(std::move(request)));
}

void run_state::begin_request(std::vector<request_part> parts, timestamp time) {
  add_request(std::move(parts), time, message_state::complete);
  model = {};
  fallback = 0;
  ++step;
  phase = run_phase::requesting;
}

task_progress* run_state::open_task(const task_ref& task) {
  if (task.step != step || fatal)
    return nullptr;
  switch (task.kind) {
    case task_kind::mcp_request:
      return phase == run_phase::preparing && task.index < servers.size()
                 && !servers[task.index].listing
               ? &servers[task.index].progress
               : nullptr;
    case task_kind::model_request:
      return phase == run_phase::requesting ? &model : nullptr;
    case task_kind::output:
      return phase == run_phase::answered && !answer_result ? &answer : nullptr;
    case task_kind::tool_call:
      return phase == run_phase::calling && task.index < calls.size()
                 && !calls[task.index].result
               ? &calls[task.index].progress
               : nullptr;
    case task_kind::sampling:
      return task.index < samplings.size() && is_open(samplings[task.index])
               ? &samplings[task.index].progress
               : nullptr;
    case task_kind::event:
      break;
  }
  return nullptr;
}

run_state fold(definition_ptr definition, template_renderer render,
               const std::vector<entry>& entries) {
  run_state state{std::move(definition), std::move(render)};
  for (const auto& next : entries)
    state.apply(next);
  return state;
}

} // namespace perdure::runtime

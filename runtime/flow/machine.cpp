#include "runtime/flow/machine.hpp"

#include "runtime/flow/screening.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

using entries = std::vector<entry>;

entries fail(timestamp now, errc code, std::string message) {
  return {run_ended{now, run_end::failed, {}, code, std::move(message)}};
}

entries fail(timestamp now, const failure& reason) {
  return fail(now, reason.code, reason.message);
}

bool is_blank(const model_response& response) {
  return std::all_of(response.parts.begin(), response.parts.end(),
                     [](const response_part& part) {
                       const auto* text = std::get_if<text_part>(&part);
                       return text != nullptr
                              && text->content.find_first_not_of(" \t\r\n")
                                   == std::string::npos;
                     });
}

/// The response held no calls and no text.
entries conclude_empty(const run_state& state, timestamp now) {
  const auto& response = state.last_response();
  if (response.finish_reason == finish_reason::length)
    return fail(now, errc::token_limit_reached,
                "the model used up its output tokens before it said anything; "
                "raise model_settings.max_tokens or shorten the prompt");
  if (response.finish_reason == finish_reason::content_filter
      && is_blank(response))
    return fail(now, errc::content_filtered,
                "the provider's content filter withheld the response: "
                  + to_text(to_json(message{response})));
  const auto budget = state.definition->output_retries;
  if (state.output_retries >= budget)
    return fail(now, errc::output_retries_exceeded,
                "exceeded maximum output retries (" + std::to_string(budget)
                  + "): the model kept answering with nothing; raise "
                    "retries.output or look at the prompt");
  const auto* text = state.definition->tools.empty()
                       ? "Please return text."
                       : "Please return text or call a tool.";
  return {output_rejected{now, text}};
}

entries conclude_answer(const run_state& state, timestamp now) {
  const auto text = output_text(state.last_response());
  if (!text)
    return conclude_empty(state, now);
  return {run_ended{now, run_end::completed, *text, errc::none, {}}};
}

/// Calls that no entry says anything of yet, right after their response.
bool is_fresh(const run_state& state) {
  return std::all_of(state.calls.begin(), state.calls.end(),
                     [](const call_state& call) {
                       return !call.result && !call.progress.attempt_started
                              && !call.progress.attempts_failed;
                     });
}

entries screen(const run_state& state, timestamp now) {
  const auto count = static_cast<std::int64_t>(state.calls.size());
  if (auto within
      = check_before_calls(state.created.input.limits, state.used, count);
      !within)
    return fail(now, within.error());
  entries out;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = *state.calls[i].part;
    if (state.last_response().finish_reason == finish_reason::length
        && is_cut_off(call))
      return fail(now, errc::incomplete_tool_call,
                  "the model ran out of output tokens in the middle of a call "
                  "of '"
                    + call.tool_name + "'; raise model_settings.max_tokens");
    if (auto refusal = refuse(*state.definition, call))
      out.emplace_back(task_completed{now,
                                      {state.step, task_kind::tool_call, i},
                                      0,
                                      now,
                                      std::move(*refusal)});
  }
  return out;
}

entries conclude_calls(const run_state& state, timestamp now) {
  if (!is_fresh(state))
    return {};
  const auto& response = state.last_response();
  if (auto within = check_after_response(state.created.input.limits, state.used,
                                         response.usage);
      !within)
    return fail(now, within.error());
  return screen(state, now);
}

} // namespace

std::vector<entry> conclude(const run_state& state, timestamp now) {
  if (state.phase == run_phase::empty || state.phase == run_phase::ended)
    return {};
  if (state.cancelling)
    return {run_ended{
      now, run_end::cancelled, {}, errc::cancelled, state.cancel_reason}};
  if (state.fatal)
    return fail(now, state.fatal->code, state.fatal->message);
  if (!state.instructions_error.empty())
    return fail(now, errc::invalid_argument, state.instructions_error);
  if (const auto deadline = state.deadline(); deadline && now >= *deadline)
    return fail(now, errc::run_time_limit_exceeded,
                "the run took longer than its time_limit_seconds; raise the "
                "limit or set it to null");
  if (state.phase == run_phase::calling)
    return conclude_calls(state, now);
  if (state.phase == run_phase::answered) {
    if (auto within = check_after_response(
          state.created.input.limits, state.used, state.last_response().usage);
        !within)
      return fail(now, within.error());
    return conclude_answer(state, now);
  }
  if (auto within
      = check_before_request(state.created.input.limits, state.used);
      !within)
    return fail(now, within.error());
  return {};
}

namespace {

struct agenda {
  std::vector<command> commands;
  std::optional<timestamp> wake;

  void add(const run_state& state, const task_ref& task, timestamp now) {
    const auto& progress = state.progress(task);
    if (progress.retry_at && *progress.retry_at > now) {
      wake = std::min(wake.value_or(*progress.retry_at), *progress.retry_at);
      return;
    }
    const auto intent = state.policy(task).on_interrupt != on_interrupt::retry
                        && progress.attempt_started < progress.next_attempt();
    commands.emplace_back(start_task{task, progress.next_attempt(), intent});
  }
};

} // namespace

std::vector<command> decide(const run_state& state, timestamp now) {
  agenda plan;
  if (const auto due = state.created.scheduled_at;
      state.sequence() == 1 && due && *due > now)
    plan.wake = due;
  else if (state.phase == run_phase::requesting)
    plan.add(state, {state.step, task_kind::model_request, 0}, now);
  else if (state.phase == run_phase::calling)
    for (const auto i : state.admitted_calls())
      plan.add(state, {state.step, task_kind::tool_call, i}, now);
  if (plan.wake)
    plan.commands.emplace_back(wait_until{*plan.wake});
  return std::move(plan.commands);
}

std::vector<entry> recover(const run_state& state, timestamp now) {
  entries out;
  bool asks = false;
  const auto settle = [&](const task_ref& task) {
    if (asks || !state.progress(task).in_doubt())
      return;
    const auto attempts = state.progress(task).attempt_started;
    const auto policy = state.policy(task).on_interrupt;
    const auto what
      = task.kind == task_kind::model_request
          ? std::string{"the model request"}
          : "the call of '" + state.calls[task.index].part->tool_name + "'";
    if (policy == on_interrupt::ask) {
      asks = true; // nothing may follow the end of the run
      out = fail(now, errc::approval_unavailable,
                 "the outcome of " + what
                   + " is unknown after an interruption, and its on_interrupt "
                     "policy is to ask a person, which this version cannot do "
                     "yet; start the run again, or use 'retry' or 'fail'");
    } else if (policy == on_interrupt::fail) {
      task_completed done{now, task, attempts, now, {}};
      if (task.kind == task_kind::model_request)
        done.outcome
          = task_error{errc::outcome_unknown,
                       "the outcome of " + what
                         + " is unknown after an interruption, and its "
                           "on_interrupt policy is not to run it again"};
      else
        done.outcome = tool_result{
          state.calls[task.index].part->tool_name,
          state.calls[task.index].part->tool_call_id,
          tool_result_kind::unknown,
          "The tool was interrupted; whether it took effect is unknown. It was "
          "not run again.",
          {}};
      out.emplace_back(std::move(done));
    }
  };
  if (state.phase == run_phase::requesting)
    settle({state.step, task_kind::model_request, 0});
  if (state.phase == run_phase::calling)
    for (std::uint32_t i = 0; i < state.calls.size(); ++i)
      if (!state.calls[i].result)
        settle({state.step, task_kind::tool_call, i});
  return out;
}

} // namespace perdure::runtime

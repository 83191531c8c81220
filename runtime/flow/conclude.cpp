#include "runtime/flow/answer.hpp"
#include "runtime/flow/conclude_round.hpp"
#include "runtime/flow/deferred.hpp"
#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/machine.hpp"
#include "runtime/flow/sampling.hpp"
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

entries complete(timestamp now, json output) {
  return {
    run_ended{now, run_end::completed, std::move(output), errc::none, {}}};
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

/// Nothing but empty text and thoughts.
bool is_empty(const model_response& response) {
  return std::all_of(response.parts.begin(), response.parts.end(),
                     [](const response_part& part) {
                       const auto* text = std::get_if<text_part>(&part);
                       return std::holds_alternative<thinking_part>(part)
                              || (text != nullptr && text->content.empty());
                     });
}

/// The provider would go on with what it said last, if it were asked to.
bool is_suspended(const run_state& state) {
  return (state.phase == run_phase::calling
          || state.phase == run_phase::answered)
         && state.last_response().state == message_state::suspended;
}

/// What the model could do to answer.
std::string ways_to_answer(const run_state& state) {
  const auto& output = state.definition->output;
  const auto by_tool
    = output.is_structured() && state.mode_in_use() == output_mode::tool;
  std::string ways;
  const auto add = [&ways](std::string_view way) {
    ways.append(ways.empty() ? "Please " : " or ").append(way);
  };
  if (output.takes_text() || (output.is_structured() && !by_tool))
    add("return text");
  if (by_tool)
    add("include your response in a tool call");
  else if (!state.definition->tools.empty())
    add("call a tool");
  if (output.allow_image)
    add("return an image");
  return ways + '.';
}

/// The model is asked again, as long as there is budget for it.
entries reject(const run_state& state, timestamp now, json content,
               const std::string& what) {
  const auto budget = state.definition->output_retries;
  if (state.output_retries >= budget)
    return fail(now, errc::output_retries_exceeded,
                "exceeded maximum output retries (" + std::to_string(budget)
                  + "): " + what
                  + "; raise retries.output or look at the prompt");
  return {output_rejected{now, std::move(content)}};
}

entries fail_as_filtered(const run_state& state, timestamp now) {
  return fail(now, errc::content_filtered,
              "the provider's content filter withheld the response: "
                + to_text(to_json(message{state.last_response()})));
}

/// A response that was cut short is no answer, when the agent says so.
bool is_refused_as_filtered(const run_state& state) {
  return state.definition->fails_when_filtered
         && (state.phase == run_phase::calling
             || state.phase == run_phase::answered)
         && state.last_response().finish_reason
              == finish_reason::content_filter;
}

/// The response held no calls and no text.
entries conclude_empty(const run_state& state, timestamp now) {
  const auto& response = state.last_response();
  if (response.finish_reason == finish_reason::length && is_empty(response))
    return fail(now, errc::token_limit_reached,
                "the model used up its output tokens before it said anything; "
                "raise model_settings.max_tokens or shorten the prompt");
  if (response.finish_reason == finish_reason::content_filter
      && is_blank(response))
    return fail_as_filtered(state, now);
  if (state.definition->output.allow_null)
    return complete(now, nullptr);
  return reject(state, now, ways_to_answer(state),
                "the model kept answering with nothing");
}

/// What the host program made of the answer.
entries conclude_result(const run_state& state, timestamp now) {
  const auto& result = *state.answer_result;
  if (result.kind == tool_result_kind::output)
    return complete(now, result.content);
  return reject(state, now, result.content,
                "the host program kept refusing the output: "
                  + to_text(result.content));
}

entries conclude_answer(const run_state& state, timestamp now) {
  if (state.output)
    return complete(now, *state.output);
  if (state.answer_result)
    return conclude_result(state, now);
  const auto& response = state.last_response();
  auto reading = read_answer(*state.definition, state.mode_in_use(), response);
  if (auto* given = std::get_if<answer>(&reading))
    return given->needs_host ? entries{}
                             : complete(now, std::move(given->value));
  if (auto* invalid = std::get_if<invalid_value>(&reading)) {
    const auto what
      = "the model's last output was invalid: " + to_text(invalid->errors);
    return reject(state, now, std::move(invalid->errors), what);
  }
  if (!output_text(response))
    return conclude_empty(state, now);
  return reject(state, now, ways_to_answer(state),
                "the model kept answering with text");
}

/// Questions that nobody answered in time.
entries conclude_questions(const run_state& state, timestamp now) {
  for (const auto& task : state.open_tasks()) {
    const auto& asked = state.progress(task).question;
    if (!asked || !asked->expires_at || *asked->expires_at > now)
      continue;
    question_answered answer;
    answer.time = now;
    answer.task = task;
    answer.number = state.progress(task).questions;
    answer.verdict = verdict::expired;
    answer.message
      = asked->kind == question_kind::external
          ? "Nobody gave the result of the call in time."
        : asked->kind == question_kind::elicitation
          ? "Nobody answered the server in time."
          : "The call was not allowed in time; it was not executed.";
    const auto ends_call = task.kind == task_kind::tool_call
                           && asked->kind != question_kind::elicitation;
    if (ends_call && asked->on_expiry == on_expiry::deny)
      answer.result = denied_result(*state.calls[task.index].part, asked->kind,
                                    answer.message);
    return {std::move(answer)};
  }
  return {};
}

/// Attempts that were cut off while they asked, now that they have an answer.
entries ask_for_doubt(const run_state& state, timestamp now) {
  entries out;
  for (const auto& task : state.open_tasks())
    if (const auto& progress = state.progress(task);
        progress.is_cut_off && !progress.question)
      out.emplace_back(state.question(task, question_kind::in_doubt, now));
  return out;
}

/// What a server wanted of the model, which did not say it: there is nothing
/// that the call could go on with.
entries fail_unsaid(const run_state& state, timestamp now) {
  for (const auto& task : state.open_tasks()) {
    const auto& progress = state.progress(task);
    const auto reason = unsaid_input(progress);
    if (!reason)
      continue;
    const auto& part = *state.calls.at(task.index).part;
    return {task_completed{now,
                           task,
                           progress.attempts_over,
                           now,
                           tool_result{part.tool_name,
                                       part.tool_call_id,
                                       tool_result_kind::failed,
                                       "The server wanted a model to say "
                                       "something, which failed: "
                                         + *reason,
                                       {},
                                       {}},
                           {}}};
  }
  return {};
}

/// What servers want to know before they go on.
entries ask_for_input(const run_state& state, timestamp now) {
  entries out;
  auto samplings = static_cast<std::uint32_t>(state.samplings.size());
  for (const auto& task : state.open_tasks()) {
    auto wanted = next_input(state.progress(task));
    if (!wanted)
      continue;
    if (is_sampling(*wanted)) {
      out.emplace_back(
        sampling_requested{now,
                           {state.step, task_kind::sampling, samplings++},
                           task.index,
                           std::move(*wanted)});
      continue;
    }
    auto asked = state.question(task, question_kind::elicitation, now);
    asked.metadata = std::move(*wanted);
    out.emplace_back(std::move(asked));
  }
  return out;
}

/// What servers have the model say counts as the run's own requests do.
result<unit> check_samplings(const run_state& state) {
  const auto& limits = state.created.input.limits;
  auto used = state.used;
  for (const auto& sampling : state.samplings) {
    if (sampling.is_done) {
      if (auto within = check_after_response(limits, state.used, sampling.used);
          !within)
        return within;
    } else if (state.is_open(sampling)) {
      if (auto within = check_before_request(limits, used); !within)
        return within;
      ++used.requests;
    }
  }
  return ok();
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
  if (state.is_held())
    return {};
  if (is_suspended(state))
    return fail(now, errc::model_bad_response,
                "the provider suspended its response and nothing continues "
                "it; nothing of it was acted on");
  if (is_refused_as_filtered(state))
    return fail_as_filtered(state, now);
  if (auto expired = conclude_questions(state, now); !expired.empty())
    return expired;
  if (auto asked = ask_for_doubt(state, now); !asked.empty())
    return asked;
  if (auto failed = fail_unsaid(state, now); !failed.empty())
    return failed;
  if (auto asked = ask_for_input(state, now); !asked.empty())
    return asked;
  if (auto within = check_samplings(state); !within)
    return fail(now, within.error());
  if (state.phase == run_phase::calling)
    return conclude_round(state, now);
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

} // namespace perdure::runtime

#include "runtime/flow/conclude_round.hpp"

#include "runtime/flow/answer.hpp"
#include "runtime/flow/screening.hpp"

namespace perdure::runtime {

namespace {

using entries = std::vector<entry>;

constexpr std::string_view function_skipped
  = "Tool not executed - a final result was already processed.";
constexpr std::string_view output_skipped
  = "Output tool not used - a final result was already processed.";

entries fail(timestamp now, errc code, std::string message) {
  return {run_ended{now, run_end::failed, {}, code, std::move(message)}};
}

entry settled(const run_state& state, std::uint32_t index, timestamp now,
              tool_result_kind kind, json content) {
  const auto& part = *state.calls[index].part;
  return task_completed{
    now,
    {state.step, task_kind::tool_call, index},
    0,
    now,
    tool_result{
      part.tool_name, part.tool_call_id, kind, std::move(content), {}, {}},
    {}};
}

entry skip(const run_state& state, std::uint32_t index, timestamp now) {
  const auto text
    = state.calls[index].output ? output_skipped : function_skipped;
  return settled(state, index, now, tool_result_kind::skipped, text);
}

/// The output that a call gives, or what is wrong with it.
entry read_output(const run_state& state, std::uint32_t index, timestamp now) {
  const auto& call = state.calls[index];
  auto value
    = read_output_call(state.definition->output, *call.output, call.part->args);
  if (auto* good = std::get_if<output_value>(&value))
    return settled(state, index, now, tool_result_kind::output,
                   std::move(good->value));
  return settled(state, index, now, tool_result_kind::retry,
                 std::move(std::get<invalid_value>(value).errors));
}

bool is_good_output(const run_state& state, const call_state& call) {
  const auto value
    = read_output_call(state.definition->output, *call.output, call.part->args);
  return std::holds_alternative<output_value>(value);
}

/// The response has an output besides its calls: an image, or text that was
/// checked.
bool has_good_answer(const run_state& state) {
  const auto reading = read_answer(*state.definition, state.mode_in_use(),
                                   state.last_response());
  const auto* given = std::get_if<answer>(&reading);
  return given != nullptr && given->kind != answer_kind::text;
}

entries skip_all(const run_state& state, timestamp now) {
  entries out;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i)
    out.push_back(skip(state, i, now));
  return out;
}

/// Nothing is executed when the first good output ends the run at once.
entries screen_outputs_first(const run_state& state, timestamp now) {
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (!call.output || needs_host(*state.definition, call))
      continue;
    if (!is_good_output(state, call))
      continue;
    return {read_output(state, i, now)};
  }
  return {};
}

/// Looks at all calls before anything runs.
entries screen(const run_state& state, timestamp now) {
  std::int64_t functions = 0;
  for (const auto& call : state.calls)
    functions += call.output ? 0 : 1;
  if (auto within
      = check_before_calls(state.created.input.limits, state.used, functions);
      !within)
    return fail(now, within.error().code, within.error().message);
  const auto is_cut
    = state.last_response().finish_reason == finish_reason::length;
  for (const auto& call : state.calls)
    if (is_cut && is_cut_off(*call.part))
      return fail(now, errc::incomplete_tool_call,
                  "the model ran out of output tokens in the middle of a call "
                  "of '"
                    + call.part->tool_name
                    + "'; raise model_settings.max_tokens");
  if (state.definition->end_strategy == end_strategy::early) {
    if (has_good_answer(state))
      return skip_all(state, now);
    if (auto first = screen_outputs_first(state, now); !first.empty())
      return first;
  }
  entries out;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (call.output) {
      if (!is_good_output(state, call))
        out.push_back(read_output(state, i, now));
    } else if (auto refusal = refuse(*state.definition, *call.part)) {
      out.emplace_back(task_completed{now,
                                      {state.step, task_kind::tool_call, i},
                                      0,
                                      now,
                                      std::move(*refusal),
                                      {}});
    }
  }
  return out;
}

/// Nobody can say that it was not executed.
bool has_begun(const task_progress& progress) {
  const auto& asked = progress.question;
  return progress.is_cut_off
         || (asked
             && (asked->kind == question_kind::in_doubt || asked->attempt > 0));
}

/// Calls that are not worth anything once there is an output.
entries skip_needless(const run_state& state, timestamp now) {
  const auto& definition = *state.definition;
  const auto strategy = definition.end_strategy;
  entries out;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (call.result || has_begun(call.progress))
      continue;
    const auto needless = strategy == end_strategy::early
                          || (call.output ? strategy == end_strategy::graceful
                                          : needs_person(definition, call));
    if (needless)
      out.push_back(skip(state, i, now));
  }
  return out;
}

/// Outputs whose turn has come and that are good as they are.
entries take_outputs(const run_state& state, timestamp now) {
  const auto& definition = *state.definition;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (call.result || !call.output || needs_host(definition, call)
        || !is_output_turn(definition, state.calls, i))
      continue;
    return {read_output(state, i, now)};
  }
  return {};
}

/// Asks for what somebody outside has to give.
entries ask(const run_state& state, timestamp now) {
  entries out;
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (call.progress.question || !needs_person(*state.definition, call))
      continue;
    const auto& tool = *state.definition->tool(call.part->tool_name);
    const auto kind = tool.requires_approval && !call.progress.is_approved
                        ? question_kind::approval
                        : question_kind::external;
    out.emplace_back(
      state.question({state.step, task_kind::tool_call, i}, kind, now));
  }
  return out;
}

bool has_open_output(const run_state& state) {
  for (const auto& call : state.calls)
    if (call.output && !call.result)
      return true;
  return false;
}

/// An approved call whose arguments do not fit: a person replaced them, or they
/// come with the history of another run.
entries refuse_approved(const run_state& state, timestamp now) {
  for (std::uint32_t i = 0; i < state.calls.size(); ++i) {
    const auto& call = state.calls[i];
    if (call.result || call.output || !call.progress.is_approved
        || call.progress.in_doubt())
      continue;
    if (auto refusal = refuse(*state.definition, effective_call(call)))
      return {task_completed{now,
                             {state.step, task_kind::tool_call, i},
                             0,
                             now,
                             std::move(*refusal),
                             {}}};
  }
  return {};
}

} // namespace

std::vector<entry> conclude_round(const run_state& state, timestamp now) {
  const auto& definition = *state.definition;
  if (is_fresh(state.calls)) {
    const auto& limits = state.created.input.limits;
    if (auto within
        = check_after_response(limits, state.used, state.last_response().usage);
        !within)
      return fail(now, within.error().code, within.error().message);
    if (auto out = screen(state, now); !out.empty())
      return out;
  }
  if (first_output(state.calls))
    if (auto out = skip_needless(state, now); !out.empty())
      return out;
  if (auto out = take_outputs(state, now); !out.empty())
    return out;
  if (auto out = refuse_approved(state, now); !out.empty())
    return out;
  if (first_output(state.calls) || has_open_output(state))
    return {};
  if (!definition.ends_when_deferred)
    return ask(state, now);
  if (!is_deferred(definition, state.calls))
    return {};
  return {run_ended{now,
                    run_end::completed,
                    deferred_requests(definition, state.calls),
                    errc::none,
                    {}}};
}

} // namespace perdure::runtime

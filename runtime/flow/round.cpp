#include "runtime/flow/round.hpp"

#include "runtime/messages/history_json.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

bool is_external(const agent_definition& definition, const call_state& call) {
  const auto* tool = definition.tool(call.part->tool_name);
  return tool != nullptr && tool->kind == tool_kind::external;
}

bool is_sequential(const agent_definition& definition, const call_state& call) {
  const auto* tool = definition.tool(call.part->tool_name);
  return tool != nullptr && tool->sequential;
}

bool has_open_output(const call_round& round) {
  return std::any_of(round.begin(), round.end(), [](const call_state& call) {
    return call.output && !call.result;
  });
}

request_part part_of(const call_state& call, std::optional<std::size_t> chosen,
                     std::size_t index) {
  const auto& x = *call.result;
  const auto lost = call.output && x.kind == tool_result_kind::retry && chosen;
  if (x.kind == tool_result_kind::retry && !lost)
    return retry_prompt_part{x.content, x.tool_name, x.tool_call_id,
                             call.completed_at};
  tool_return_part part;
  part.tool_name = x.tool_name;
  part.content = x.content;
  part.tool_call_id = x.tool_call_id;
  part.metadata = x.metadata;
  part.time = call.completed_at;
  if (lost)
    part.content
      = call.attempts > 0
          ? "Output tool not used - output function execution failed."
          : "Output tool not used - output failed validation.";
  else if (x.kind == tool_result_kind::output)
    part.content = chosen == index ? "Final result processed."
                   : chosen
                     ? "Output tool processed, but its value will not be the "
                       "final result of the agent run."
                     : "Output not used as the final result - addressing tool "
                       "retries from this round first.";
  else if (x.kind == tool_result_kind::denied)
    part.outcome = tool_outcome::denied;
  else if (x.kind == tool_result_kind::failed
           || x.kind == tool_result_kind::unknown)
    part.outcome = tool_outcome::failed;
  return part;
}

} // namespace

call_round open_round(const agent_definition& definition,
                      const model_response& response, bool outputs) {
  call_round round;
  for (const auto* part : function_calls(response)) {
    call_state call;
    call.part = part;
    if (outputs)
      call.output = output_tool_index(definition.output, part->tool_name);
    round.push_back(std::move(call));
  }
  return round;
}

bool needs_person(const agent_definition& definition, const call_state& call) {
  if (call.result || call.output)
    return false;
  if (call.progress.question || call.progress.is_cut_off
      || is_external(definition, call))
    return true;
  const auto* tool = definition.tool(call.part->tool_name);
  return tool != nullptr && tool->requires_approval
         && !call.progress.is_approved;
}

bool needs_host(const agent_definition& definition, const call_state& call) {
  return call.output
         && (definition.output.has_validator
             || definition.output.types[*call.output].has_function);
}

bool is_output_turn(const agent_definition& definition, const call_round& round,
                    std::size_t index) {
  if (definition.end_strategy == end_strategy::exhaustive)
    return true;
  const auto goes_first = definition.end_strategy == end_strategy::early;
  return std::none_of(round.begin(),
                      round.begin() + static_cast<std::ptrdiff_t>(index),
                      [&](const call_state& before) {
                        return !before.result && (before.output || !goes_first)
                               && !needs_person(definition, before);
                      });
}

bool is_fresh(const call_round& round) {
  return std::all_of(round.begin(), round.end(), [](const call_state& call) {
    const auto& progress = call.progress;
    return !call.result && !progress.attempt_started && !progress.attempts_over
           && progress.questions == 0;
  });
}

std::optional<std::size_t> first_output(const call_round& round) {
  const auto found
    = std::find_if(round.begin(), round.end(), [](const call_state& call) {
        return call.result && call.result->kind == tool_result_kind::output;
      });
  if (found == round.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - round.begin());
}

std::optional<std::size_t>
final_output(const agent_definition& definition, const call_round& round) {
  const auto asks = [](const call_state& call) {
    return !call.output && call.result
           && call.result->kind == tool_result_kind::retry;
  };
  if (definition.end_strategy == end_strategy::graceful
      && std::any_of(round.begin(), round.end(), asks))
    return std::nullopt;
  return first_output(round);
}

std::vector<std::uint32_t>
admitted_calls(const agent_definition& definition, const call_round& round) {
  const auto outputs_first
    = definition.end_strategy == end_strategy::early && has_open_output(round);
  std::vector<std::uint32_t> out;
  bool has_function = false;
  for (std::uint32_t i = 0; i < round.size(); ++i) {
    const auto& call = round[i];
    if (call.result || needs_person(definition, call)
        || call.progress.samplings > 0)
      continue;
    if (call.output) {
      if (needs_host(definition, call) && is_output_turn(definition, round, i))
        out.push_back(i);
      continue;
    }
    if (outputs_first)
      continue;
    const auto barrier = is_sequential(definition, call);
    if (!barrier || !has_function)
      out.push_back(i);
    has_function = true;
    if (barrier)
      break;
  }
  return out;
}

bool is_deferred(const agent_definition& definition, const call_round& round) {
  bool any = false;
  for (const auto& call : round) {
    if (call.result)
      continue;
    if (!needs_person(definition, call))
      return false;
    any = true;
  }
  return any;
}

tool_call_part effective_call(const call_state& call) {
  auto part = *call.part;
  if (!call.arguments.is_null())
    part.args = call.arguments;
  return part;
}

std::vector<request_part>
parts_of(const call_round& round, std::optional<std::size_t> chosen) {
  std::vector<request_part> parts;
  std::vector<request_part> extras;
  for (std::size_t i = 0; i < round.size(); ++i) {
    const auto& call = round[i];
    if (!call.result)
      continue;
    parts.push_back(part_of(call, chosen, i));
    if (!call.result->extra.is_null())
      extras.emplace_back(
        user_prompt_part{call.result->extra, call.completed_at});
  }
  parts.insert(parts.end(), std::make_move_iterator(extras.begin()),
               std::make_move_iterator(extras.end()));
  return parts;
}

json deferred_requests(const agent_definition& definition,
                       const call_round& round) {
  auto calls = json::array();
  auto approvals = json::array();
  auto metadata = json::object();
  for (const auto& call : round) {
    if (!needs_person(definition, call))
      continue;
    const auto& question = call.progress.question;
    const auto external
      = is_external(definition, call)
        || (question && question->kind == question_kind::external);
    (external ? calls : approvals)
      .push_back(to_json(response_part{*call.part}));
    if (question && !question->metadata.is_null())
      metadata[call.part->tool_call_id] = question->metadata;
  }
  return {{"calls", std::move(calls)},
          {"approvals", std::move(approvals)},
          {"metadata", std::move(metadata)}};
}

} // namespace perdure::runtime

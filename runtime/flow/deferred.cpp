#include "runtime/flow/deferred.hpp"

#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime {

namespace {

constexpr const char* denied_message = "The tool call was denied.";

const json* find(const json& object, const std::string& key) {
  if (!object.is_object())
    return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const json*
find_in(const json& results, const char* group, const std::string& id) {
  const auto* answers = find(results, group);
  return answers == nullptr ? nullptr : find(*answers, id);
}

void decide(question_answered& out, const json& decision) {
  out.verdict = verdict::denied;
  out.message = denied_message;
  const auto kind = text_or_empty(decision, "kind");
  if (decision == true) {
    out.verdict = verdict::approved;
  } else if (kind == "tool-approved") {
    out.verdict = verdict::approved;
    out.arguments = value_or_null(decision, "override_args");
  } else if (kind == "tool-denied") {
    if (auto message = text_or_empty(decision, "message"); !message.empty())
      out.message = std::move(message);
  }
  if (out.verdict == verdict::approved)
    out.message.clear();
}

/// The response whose calls are answered, and the results that are there.
struct open_end {
  const model_response* response = nullptr;
  std::vector<request_part> results;
};

open_end end_of(const message_history& history) {
  open_end out;
  auto last = history.rbegin();
  if (last == history.rend())
    return out;
  if (const auto* request = std::get_if<model_request>(last->get())) {
    out.results = request->parts;
    ++last;
  }
  if (last != history.rend())
    out.response = std::get_if<model_response>(last->get());
  return out;
}

std::vector<const tool_call_part*> open_calls(const open_end& end) {
  std::vector<const tool_call_part*> out;
  if (end.response == nullptr)
    return out;
  for (const auto* call : function_calls(*end.response))
    if (!has_result(end.results, call->tool_call_id))
      out.push_back(call);
  return out;
}

failure invalid(std::string message) {
  return {errc::invalid_argument, "deferred_tool_results: " + message};
}

result<unit> check_groups(const json& results) {
  constexpr auto groups
    = std::to_array<std::string_view>({"calls", "approvals", "metadata"});
  if (!results.is_object())
    return invalid("must be an object with calls and approvals");
  for (const auto& [key, value] : results.items()) {
    if (std::find(groups.begin(), groups.end(), key) == groups.end())
      return invalid("unknown key '" + key
                     + "'; valid are: calls, approvals, metadata");
    if (!value.is_object() && !value.is_null())
      return invalid(key + " must be an object with call ids as keys");
  }
  return ok();
}

} // namespace

result<unit>
check_deferred(const message_history& history, const json& results) {
  if (auto valid = check_groups(results); !valid)
    return valid;
  const auto end = end_of(history);
  if (end.response == nullptr)
    return failure{errc::invalid_message_history,
                   "deferred_tool_results need a message_history that ends "
                   "with the response whose calls they answer"};
  std::vector<std::string> open;
  for (const auto* call : open_calls(end))
    open.push_back(call->tool_call_id);
  for (const auto* group : {"calls", "approvals"})
    if (const auto* answers = find(results, group))
      for (const auto& [id, value] : answers->items())
        if (std::find(open.begin(), open.end(), id) == open.end())
          return invalid("'" + id + "' in " + group
                         + " is not an open call of the history");
  for (const auto& id : open) {
    const auto is_call = find_in(results, "calls", id) != nullptr;
    const auto is_approval = find_in(results, "approvals", id) != nullptr;
    if (is_call == is_approval)
      return invalid("the call '" + id
                     + (is_call ? "' has two answers"
                                : "' has no answer; every open call needs one "
                                  "in calls or approvals"));
  }
  return ok();
}

std::optional<question_answered>
deferred_answer(const json& results, const tool_call_part& call,
                timestamp time) {
  question_answered out;
  out.time = time;
  if (const auto* metadata = find_in(results, "metadata", call.tool_call_id))
    out.metadata = *metadata;
  if (const auto* value = find_in(results, "calls", call.tool_call_id)) {
    out.verdict = verdict::answered;
    out.result = outside_result(call, *value);
    return out;
  }
  const auto* decision = find_in(results, "approvals", call.tool_call_id);
  if (decision == nullptr)
    return std::nullopt;
  decide(out, *decision);
  if (out.verdict != verdict::approved)
    out.result = denied_result(call, question_kind::approval, out.message);
  return out;
}

std::vector<resumed_call>
resumed_calls(const run_input& input, timestamp time) {
  const auto is_answered = !input.deferred_results.is_null();
  // Otherwise a history that ends in a request is sent again as it is.
  const auto is_asked
    = !input.prompt.is_null()
      || (!input.history.empty()
          && std::holds_alternative<model_request>(*input.history.back()));
  if (!is_answered && is_asked)
    return {};
  const auto end = end_of(input.history);
  // What was suspended is gone on with before anybody looks at its calls.
  if (!is_answered && end.response != nullptr
      && end.response->state == message_state::suspended)
    return {};
  std::vector<resumed_call> out;
  for (const auto* call : open_calls(end))
    out.push_back(
      {call, is_answered ? deferred_answer(input.deferred_results, *call, time)
                         : std::nullopt});
  return out;
}

bool is_deferred_requests(const agent_definition& definition,
                          const json& output) {
  return definition.ends_when_deferred && output.is_object()
         && output.size() == 3 && output.contains("calls")
         && output.contains("approvals") && output.contains("metadata");
}

tool_result outside_result(const tool_call_part& call, const json& value) {
  tool_result out{call.tool_name,
                  call.tool_call_id,
                  tool_result_kind::returned,
                  value,
                  {},
                  {}};
  const auto kind = text_or_empty(value, "kind");
  if (kind == "tool-return") {
    out.content = value_or_null(value, "return_value");
    out.metadata = value_or_null(value, "metadata");
    out.extra = value_or_null(value, "content");
  } else if (kind == "model-retry") {
    out.kind = tool_result_kind::retry;
    out.content = text_or_empty(value, "message");
  } else if (kind == "tool-failed") {
    out.kind = tool_result_kind::failed;
    out.content = text_or_empty(value, "message");
  } else if (text_or_empty(value, "part_kind") == "retry-prompt") {
    out.kind = tool_result_kind::retry;
    out.content = value_or_null(value, "content");
  }
  return out;
}

tool_result denied_result(const tool_call_part& call, question_kind asked,
                          std::string message) {
  // Of a call in doubt nobody knows what it did.
  const auto kind = asked == question_kind::in_doubt ? tool_result_kind::unknown
                                                     : tool_result_kind::denied;
  return {call.tool_name, call.tool_call_id, kind, std::move(message), {}, {}};
}

bool has_result(const std::vector<request_part>& parts,
                const std::string& tool_call_id) {
  return std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
    if (const auto* returned = std::get_if<tool_return_part>(&part))
      return returned->tool_call_id == tool_call_id;
    const auto* retry = std::get_if<retry_prompt_part>(&part);
    return retry != nullptr && retry->tool_name
           && retry->tool_call_id == tool_call_id;
  });
}

} // namespace perdure::runtime

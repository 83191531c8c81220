#include "runtime/flow/questions.hpp"

#include "runtime/flow/deferred.hpp"
#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/screening.hpp"
#include "runtime/messages/model_text.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace perdure::runtime {

namespace {

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

/// Takes the last piece off `text`, which a colon sets apart.
std::string_view take_last(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return {};
  const auto piece = text.substr(colon + 1);
  text = text.substr(0, colon);
  return piece;
}

/// The arguments as they stand, or null for what is no call.
json arguments_of(const run_state& state, const task_ref& task) {
  if (task.kind != task_kind::tool_call)
    return nullptr;
  auto text = arguments_text(effective_call(state.calls[task.index]));
  auto value = parse_json(text);
  return value ? std::move(*value) : json(std::move(text));
}

json question_json(const run_state& state, const task_ref& task,
                   const text_digest& digest) {
  const auto& progress = state.progress(task);
  const auto& asked = *progress.question;
  const auto is_call = task.kind == task_kind::tool_call;
  const auto* part = is_call ? state.calls[task.index].part : nullptr;
  auto arguments = arguments_of(state, task);
  json out{{"id", to_string({state.created.run_id, task, progress.questions})},
           {"run_id", state.created.run_id},
           {"agent", state.created.input.agent},
           {"kind", to_string(asked.kind)},
           {"task", to_string(task.kind)},
           {"step", task.step}};
  out["tool_name"] = is_call ? json(part->tool_name) : json();
  out["tool_call_id"] = is_call ? json(part->tool_call_id) : json();
  out["arguments_digest"] = is_call ? json(digest(to_text(arguments))) : json();
  out["arguments"] = std::move(arguments);
  out["metadata"] = asked.metadata;
  out["asked_at"] = to_iso(asked.asked_at);
  out["expires_at"]
    = asked.expires_at ? json(to_iso(*asked.expires_at)) : json();
  out["on_expiry"] = asked.on_expiry == on_expiry::fail ? "fail" : "deny";
  return out;
}

failure invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

constexpr auto keys = std::to_array<std::string_view>(
  {"decision", "arguments", "message", "result", "metadata", "arguments_digest",
   "decided_by"});

/// What may be in a decision, and of what type.
result<unit> check_body(const json& body) {
  if (!body.is_object())
    return invalid("a decision is an object: {\"decision\": \"approve\"}");
  for (const auto& [key, value] : body.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      return invalid("unknown field '" + key
                     + "'; valid are: decision, arguments, message, result, "
                       "metadata, arguments_digest, decided_by");
    const auto is_text = key == "decision" || key == "message"
                         || key == "arguments_digest" || key == "decided_by";
    if (is_text && !value.is_string() && !value.is_null())
      return invalid(key + " must be a string");
    if ((key == "arguments" || key == "metadata") && !value.is_object()
        && !value.is_null())
      return invalid(key + " must be an object");
  }
  return ok();
}

/// The task whose question is open, or why there is none.
result<unit> check_open(const run_state& state, const question_ref& ref) {
  const auto open = state.open_tasks();
  const auto is_open
    = !state.cancelling
      && std::find(open.begin(), open.end(), ref.task) != open.end()
      && state.progress(ref.task).question
      && state.progress(ref.task).questions == ref.number;
  if (is_open)
    return ok();
  return failure{errc::conflict,
                 "the question " + to_string(ref)
                   + " is not open: it was decided, has expired, or its run "
                     "has gone on without it; `perdure approvals` lists those "
                     "that are"};
}

result<unit> check_arguments(const run_state& state, const question_ref& ref,
                             const json& arguments) {
  if (arguments.is_null())
    return ok();
  if (ref.task.kind != task_kind::tool_call)
    return invalid("this question is not about a tool call: it has no "
                   "arguments to change");
  auto call = *state.calls[ref.task.index].part;
  call.args = arguments;
  if (auto refusal = refuse(*state.definition, call))
    return invalid("the arguments do not fit the tool: "
                   + to_text(refusal->content));
  return ok();
}

/// What a server asked for is filled in, or declined.
result<question_answered>
answer_server(question_answered out, const json& question, const json& body) {
  const auto decision = text_or_empty(body, "decision");
  out.verdict = verdict::denied;
  if (decision == "deny")
    return out;
  if (decision != "approve")
    return invalid("decision must be approve (with what is asked for as "
                   "arguments) or deny");
  auto content = accepted_content(question, value_or_null(body, "arguments"));
  if (!content)
    return content.error();
  out.verdict = verdict::approved;
  out.arguments = std::move(*content);
  return out;
}

void approve(question_answered& out, const json& body) {
  out.verdict = verdict::approved;
  out.arguments = value_or_null(body, "arguments");
}

/// @param part the call that the question is about; null for another task
void deny(question_answered& out, question_kind kind,
          const tool_call_part* part) {
  out.verdict = verdict::denied;
  if (out.message.empty())
    out.message = kind == question_kind::in_doubt
                    ? "The tool was interrupted; whether it took effect is "
                      "unknown. It was not run again."
                    : "The tool call was denied.";
  if (part != nullptr)
    out.result = denied_result(*part, kind, out.message);
}

} // namespace

std::string to_string(const question_ref& ref) {
  const auto call = ref.task.kind == task_kind::model_request ? std::string{"m"}
                    : ref.task.kind == task_kind::output      ? std::string{"o"}
                    : ref.task.kind == task_kind::sampling
                      ? 's' + std::to_string(ref.task.index)
                      : std::to_string(ref.task.index);
  return ref.run_id + ':' + std::to_string(ref.task.step) + ':' + call + ':'
         + std::to_string(ref.number);
}

std::optional<question_ref> question_ref_of(std::string_view id) {
  const auto number = number_of(take_last(id));
  const auto call = take_last(id);
  const auto step = number_of(take_last(id));
  if (!number || !step || id.empty())
    return std::nullopt;
  question_ref ref{std::string{id}, {*step, task_kind::tool_call, 0}, *number};
  if (call == "m") {
    ref.task.kind = task_kind::model_request;
  } else if (call == "o") {
    ref.task.kind = task_kind::output;
  } else {
    const auto is_sampled = call.starts_with('s');
    const auto index = number_of(is_sampled ? call.substr(1) : call);
    if (!index)
      return std::nullopt;
    if (is_sampled)
      ref.task.kind = task_kind::sampling;
    ref.task.index = *index;
  }
  return ref;
}

json questions_json(const run_state& state, const text_digest& digest) {
  auto out = json::array();
  for (const auto& task : state.open_tasks())
    if (state.progress(task).question)
      out.push_back(question_json(state, task, digest));
  return out;
}

result<question_answered>
read_answer(const run_state& state, const question_ref& ref, const json& body,
            const text_digest& digest, timestamp now) {
  if (auto valid = check_body(body); !valid)
    return valid.error();
  if (auto open = check_open(state, ref); !open)
    return open.error();
  const auto kind = state.progress(ref.task).question->kind;
  if (const auto seen = text_or_empty(body, "arguments_digest"); !seen.empty())
    if (seen != digest(to_text(arguments_of(state, ref.task))))
      return failure{errc::conflict,
                     "the arguments of the call are not those that "
                     "arguments_digest stands for; look at the question again"};
  const auto& open_question = *state.progress(ref.task).question;
  const auto is_elicited = kind == question_kind::elicitation;
  if (!is_elicited)
    if (auto fits
        = check_arguments(state, ref, value_or_null(body, "arguments"));
        !fits)
      return fits.error();
  question_answered out;
  out.time = now;
  out.task = ref.task;
  out.number = ref.number;
  out.message = text_or_empty(body, "message");
  out.metadata = value_or_null(body, "metadata");
  out.decided_by = text_or_empty(body, "decided_by");
  if (is_elicited)
    return answer_server(std::move(out), open_question.metadata, body);
  const auto* part = ref.task.kind == task_kind::tool_call
                       ? state.calls[ref.task.index].part
                       : nullptr;
  const auto decision = text_or_empty(body, "decision");
  if (decision == "approve" && kind != question_kind::external) {
    approve(out, body);
  } else if (decision == "deny") {
    deny(out, kind, part);
  } else if (decision == "answer" && kind != question_kind::approval
             && part != nullptr) {
    if (!body.contains("result"))
      return invalid("an answer needs a result");
    out.verdict = verdict::answered;
    out.result = outside_result(*part, body["result"]);
  } else {
    return invalid("decision must be "
                   + std::string{kind == question_kind::approval
                                   ? "approve or deny"
                                 : kind == question_kind::external
                                   ? "answer or deny"
                                   : "approve (run it again), deny or answer"});
  }
  return out;
}

} // namespace perdure::runtime

#include "runtime/field_reader.hpp"
#include "runtime/messages/content_items.hpp"
#include "runtime/messages/decimal.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime {

namespace {

constexpr std::array request_kinds{"system-prompt", "user-prompt",
                                   "tool-return", "retry-prompt",
                                   "tool-availability-delta"};
/// A request may hold a `compaction` too: a summary that an application wrote.
constexpr std::array response_kinds{
  "text", "thinking", "tool-call", "builtin-tool-call", "builtin-tool-return",
  "file"};

template <class Kinds>
bool contains(const Kinds& kinds, std::string_view kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

tool_outcome read_outcome(field_reader& in) {
  return static_cast<tool_outcome>(in.choice(
    "outcome", {"success", "failed", "denied", "interrupted", "retried"}));
}

message_state read_state(field_reader& in) {
  return static_cast<message_state>(
    in.choice("state", {"complete", "interrupted", "incomplete", "suspended"}));
}

/// Required, and null is a value: a tool may return nothing.
json read_result_content(field_reader& in, const json& value) {
  if (!value.contains("content"))
    in.fail("content", "missing");
  return written_tool_content(in.any("content"));
}

/// Content that must be there; `check` says what is wrong with it.
template <class Check>
json read_content(field_reader& in, std::string& problem, Check check) {
  const auto* content = in.find("content");
  if (content == nullptr) {
    in.fail("content", "missing");
    return nullptr;
  }
  if (problem.empty())
    problem = check(*content, in.place("content"));
  return written_user_content(*content, item_fields::as_they_are);
}

provider_data read_provider(field_reader& in) {
  provider_data result;
  result.id = in.optional_text("id");
  result.provider_name = in.optional_text("provider_name");
  result.provider_details = in.object("provider_details");
  return result;
}

// -- parts of a request -------------------------------------------------------

system_prompt_part read_system_prompt(field_reader& in) {
  system_prompt_part result;
  result.content = in.required_text("content");
  result.time = in.time("timestamp").value_or(timestamp{});
  result.dynamic_ref = in.optional_text("dynamic_ref");
  result.extra = in.rest();
  return result;
}

user_prompt_part read_user_prompt(field_reader& in, std::string& problem) {
  user_prompt_part result;
  result.content = read_content(in, problem, check_user_content);
  result.time = in.time("timestamp").value_or(timestamp{});
  result.extra = in.rest();
  return result;
}

/// The fields that both kinds of tool results have; not the extra ones.
template <class Part>
Part read_result(field_reader& in, const json& value) {
  Part result;
  result.tool_name = in.required_text("tool_name");
  result.content = read_result_content(in, value);
  result.tool_call_id = in.text("tool_call_id");
  result.tool_kind = in.optional_text("tool_kind");
  result.metadata = in.any("metadata");
  result.time = in.time("timestamp").value_or(timestamp{});
  result.outcome = read_outcome(in);
  return result;
}

retry_prompt_part read_retry_prompt(field_reader& in) {
  retry_prompt_part result;
  const auto* content = in.find("content");
  if (content == nullptr)
    in.fail("content", "missing");
  else if (!content->is_string() && !content->is_array())
    in.fail("content", "must be a string or an array");
  else if (content->is_array()
           && !std::all_of(content->begin(), content->end(),
                           [](const json& x) { return x.is_object(); }))
    in.fail("content", "must hold objects");
  else
    result.content = *content;
  result.tool_name = in.optional_text("tool_name");
  result.tool_call_id = in.text("tool_call_id");
  result.time = in.time("timestamp").value_or(timestamp{});
  result.extra = in.rest();
  return result;
}

tool_return_part read_tool_return(field_reader& in, const json& value) {
  auto result = read_result<tool_return_part>(in, value);
  result.extra = in.rest();
  return result;
}

tool_availability_part read_availability(field_reader& in) {
  tool_availability_part result;
  const auto* key = in.find("tools_added") ? "tools_added" : "added";
  if (in.find(key) == nullptr)
    in.fail("tools_added", "missing");
  if (const auto* names = in.array(key))
    for (const auto& name : *names) {
      if (name.is_string())
        result.tools_added.push_back(name.get<std::string>());
      else
        in.fail(key, "must hold strings");
    }
  result.tool_call_id = in.optional_text("tool_call_id");
  result.extra = in.rest();
  return result;
}

void read_part(const json& value, const std::string& place,
               std::string& problem, std::vector<request_part>& out) {
  field_reader in{value, place, problem};
  const auto kind = in.required_text("part_kind");
  if (kind == "system-prompt")
    out.emplace_back(read_system_prompt(in));
  else if (kind == "user-prompt")
    out.emplace_back(read_user_prompt(in, problem));
  else if (kind == "tool-return")
    out.emplace_back(read_tool_return(in, value));
  else if (kind == "retry-prompt")
    out.emplace_back(read_retry_prompt(in));
  else if (kind == "tool-availability-delta")
    out.emplace_back(read_availability(in));
  else if (contains(response_kinds, kind))
    in.fail("part_kind", "\"" + kind + "\" belongs in a response");
  else
    out.emplace_back(opaque_part{value});
}

// -- parts of a response ------------------------------------------------------

text_part read_text(field_reader& in) {
  text_part result;
  result.content = in.required_text("content");
  result.provider = read_provider(in);
  result.extra = in.rest();
  return result;
}

thinking_part read_thinking(field_reader& in) {
  thinking_part result;
  result.content = in.required_text("content");
  result.signature = in.optional_text("signature");
  result.provider = read_provider(in);
  result.extra = in.rest();
  return result;
}

compaction_part read_compaction(field_reader& in) {
  compaction_part result;
  result.content = in.optional_text("content");
  result.provider = read_provider(in);
  result.extra = in.rest();
  return result;
}

tool_call_part read_tool_call(field_reader& in, bool is_builtin) {
  tool_call_part result;
  result.tool_name = in.required_text("tool_name");
  result.args = in.any("args");
  if (!result.args.is_null() && !result.args.is_string()
      && !result.args.is_object())
    in.fail("args", "must be a string, an object or null");
  result.tool_call_id = in.text("tool_call_id");
  result.tool_kind = in.optional_text("tool_kind");
  result.provider = read_provider(in);
  result.builtin = is_builtin;
  result.extra = in.rest();
  return result;
}

builtin_tool_return_part
read_builtin_return(field_reader& in, const json& value) {
  auto result = read_result<builtin_tool_return_part>(in, value);
  result.provider.provider_name = in.optional_text("provider_name");
  result.provider.provider_details = in.object("provider_details");
  result.extra = in.rest();
  return result;
}

file_part read_file(field_reader& in, std::string& problem) {
  file_part result;
  result.content = read_content(in, problem, check_binary_item);
  result.provider = read_provider(in);
  result.extra = in.rest();
  return result;
}

void read_part(const json& value, const std::string& place,
               std::string& problem, std::vector<response_part>& out) {
  field_reader in{value, place, problem};
  const auto kind = in.required_text("part_kind");
  if (kind == "text")
    out.emplace_back(read_text(in));
  else if (kind == "thinking")
    out.emplace_back(read_thinking(in));
  else if (kind == "tool-call" || kind == "builtin-tool-call")
    out.emplace_back(read_tool_call(in, kind == "builtin-tool-call"));
  else if (kind == "builtin-tool-return")
    out.emplace_back(read_builtin_return(in, value));
  else if (kind == "file")
    out.emplace_back(read_file(in, problem));
  else if (kind == "compaction")
    out.emplace_back(read_compaction(in));
  else if (contains(request_kinds, kind))
    in.fail("part_kind", "\"" + kind + "\" belongs in a request");
  else
    out.emplace_back(opaque_part{value});
}

template <class Part>
std::vector<Part> read_parts(field_reader& in, std::string& problem) {
  std::vector<Part> result;
  if (in.find("parts") == nullptr)
    in.fail("parts", "missing");
  const auto* parts = in.array("parts");
  if (parts == nullptr)
    return result;
  result.reserve(parts->size());
  for (std::size_t i = 0; i < parts->size() && problem.empty(); ++i)
    read_part((*parts)[i], in.place("parts") + '[' + std::to_string(i) + ']',
              problem, result);
  return result;
}

// -- usage and messages -------------------------------------------------------

json read_details(field_reader& in) {
  auto result = in.object("details");
  for (auto& [key, value] : result.items()) {
    const auto number = to_integer(value);
    if (number)
      value = *number;
    else
      in.fail("details", "must hold whole numbers");
  }
  return result.empty() ? json{} : result;
}

usage read_usage(const json& value, const std::string& place,
                 std::string& problem) {
  field_reader in{value, place, problem};
  const auto count = [&in](std::string_view key, std::string_view alias = {}) {
    if (!alias.empty() && in.find(key) == nullptr)
      key = alias;
    return in.count(key).value_or(0);
  };
  usage result;
  result.input_tokens = count("input_tokens", "request_tokens");
  result.cache_write_tokens = count("cache_write_tokens");
  result.cache_read_tokens = count("cache_read_tokens");
  result.output_tokens = count("output_tokens", "response_tokens");
  result.input_audio_tokens = count("input_audio_tokens");
  result.cache_audio_read_tokens = count("cache_audio_read_tokens");
  result.output_audio_tokens = count("output_audio_tokens");
  result.details = read_details(in);
  result.cost = in.optional_text("cost");
  if (result.cost && !is_decimal(*result.cost))
    in.fail("cost", "must be a decimal number");
  // What older versions wrote besides is derived, or belongs to a run.
  for (const auto* old :
       {"request_tokens", "response_tokens", "total_tokens", "requests"})
    in.find(old);
  result.extra = in.rest();
  return result;
}

model_request read_request(field_reader& in, std::string& problem) {
  model_request result;
  result.parts = read_parts<request_part>(in, problem);
  result.time = in.time("timestamp");
  result.instructions = in.optional_text("instructions");
  result.run_id = in.optional_text("run_id");
  result.conversation_id = in.optional_text("conversation_id");
  result.metadata = in.object("metadata");
  result.state = read_state(in);
  result.extra = in.rest();
  return result;
}

model_response read_response(field_reader& in, std::string& problem) {
  model_response result;
  result.parts = read_parts<response_part>(in, problem);
  if (const auto* used = in.find("usage"))
    result.usage = read_usage(*used, in.place("usage"), problem);
  result.model_name = in.optional_text("model_name");
  result.provider_name = in.optional_text("provider_name");
  result.provider_url = in.optional_text("provider_url");
  result.time = in.time("timestamp").value_or(timestamp{});
  const auto* details
    = in.find("provider_details") ? "provider_details" : "vendor_details";
  result.provider_details = in.object(details);
  const auto* id
    = in.find("provider_response_id") ? "provider_response_id" : "vendor_id";
  result.provider_response_id = in.optional_text(id);
  // The names are in the order of the enum, after `none`.
  if (in.find("finish_reason") != nullptr)
    result.finish_reason = static_cast<finish_reason>(
      1
      + in.choice("finish_reason",
                  {"stop", "length", "content_filter", "tool_call", "error"}));
  result.run_id = in.optional_text("run_id");
  result.conversation_id = in.optional_text("conversation_id");
  result.metadata = in.object("metadata");
  result.state = read_state(in);
  result.extra = in.rest();
  return result;
}

result<message> read_message(const json& value, const std::string& place) {
  std::string problem;
  field_reader in{value, place, problem};
  message result;
  const auto kind = in.required_text("kind");
  if (kind == "request")
    result = read_request(in, problem);
  else if (kind == "response")
    result = read_response(in, problem);
  else
    in.fail("kind", "must be \"request\" or \"response\"");
  if (!problem.empty())
    return failure{errc::invalid_message_history, std::move(problem)};
  return result;
}

} // namespace

result<message> message_from_json(const json& value) {
  return read_message(value, "message");
}

result<message_history> history_from_json(const json& value) {
  if (!value.is_array())
    return failure{errc::invalid_message_history, "messages: must be an array"};
  message_history result;
  result.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto item = read_message(value[i], "messages[" + std::to_string(i) + ']');
    if (!item)
      return item.error();
    result.push_back(std::make_shared<const message>(std::move(*item)));
  }
  return result;
}

} // namespace perdure::runtime

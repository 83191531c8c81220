#include "runtime/mcp/call_result.hpp"

#include "runtime/agent/value_check.hpp"
#include "runtime/mcp/content.hpp"
#include "runtime/mcp/outbox.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

const json* content_of(const json& result) {
  if (!result.is_object())
    return nullptr;
  const auto found = result.find("content");
  return found == result.end() || !found->is_array() ? nullptr : &*found;
}

bool is_text(const json& part) {
  return text_at(part, "type") == "text";
}

/// @returns nullptr unless the structured content is to be used
const json* structured_of(const json& result) {
  if (!result.is_object())
    return nullptr;
  const auto found = result.find("structuredContent");
  if (found == result.end() || found->is_null())
    return nullptr;
  const auto is_error = result.find("isError");
  const auto* content = content_of(result);
  const auto is_preferred
    = content == nullptr
      || std::all_of(content->begin(), content->end(), is_text)
      || (is_error != result.end() && *is_error == true);
  return is_preferred ? &*found : nullptr;
}

json unwrapped(const json& structured) {
  if (structured.is_object() && structured.size() == 1
      && structured.contains("result"))
    return structured["result"];
  return structured;
}

std::string error_text(const json& result) {
  std::string out;
  if (const auto* content = content_of(result))
    for (const auto& part : *content)
      if (is_text(part))
        out += (out.empty() ? "" : "\n") + text_at(part, "text");
  if (out.empty()) {
    const auto value = tool_value(result);
    out = value.is_string() ? value.get<std::string>() : to_text(value);
  }
  return out.empty() || out == "[]" ? "the tool failed and does not say why"
                                    : out;
}

tool_answer answer(std::string message, tool_error_behavior on_error) {
  switch (on_error) {
    case tool_error_behavior::retry:
      return tool_retry{std::move(message)};
    case tool_error_behavior::failed:
      return tool_failed{std::move(message)};
    case tool_error_behavior::error:
      break;
  }
  return failure{errc::tool_error, std::move(message)};
}

} // namespace

json tool_value(const json& result) {
  if (const auto* structured = structured_of(result))
    return unwrapped(*structured);
  const auto* content = content_of(result);
  if (content == nullptr)
    return json::array();
  auto out = json::array();
  for (const auto& part : *content)
    out.push_back(part_value(part));
  return one_or_all(std::move(out));
}

tool_answer read_tool_result(const json& result, const schema* output_schema,
                             tool_error_behavior on_error) {
  if (!result.is_object())
    return answer("the server's result is no object", on_error);
  if (const auto found = result.find("isError");
      found != result.end() && *found == true)
    return answer(error_text(result), on_error);
  const auto structured = result.find("structuredContent");
  if (output_schema != nullptr && structured != result.end()) {
    const auto errors = errors_of(*output_schema, *structured);
    if (!errors.empty())
      return answer("the tool's result does not fit its own schema: "
                      + to_text(errors),
                    on_error);
  }
  return tool_value(result);
}

tool_answer
read_tool_failure(const call_failure& reason, tool_error_behavior on_error) {
  const auto is_of_protocol = reason.kind == call_failure_kind::refused
                              || reason.kind == call_failure_kind::timed_out
                              || reason.kind == call_failure_kind::bad_answer;
  if (is_of_protocol && on_error != tool_error_behavior::error)
    return tool_retry{reason.message};
  return failure{reason.code_of_error(), reason.message};
}

} // namespace perdure::runtime::mcp

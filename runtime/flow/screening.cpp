#include "runtime/flow/screening.hpp"

#include "runtime/agent/value_check.hpp"

#include <utility>

namespace perdure::runtime {

namespace {

tool_result told(const tool_call_part& call, json content) {
  return {call.tool_name,
          call.tool_call_id,
          tool_result_kind::retry,
          std::move(content),
          {},
          {}};
}

std::string
unknown_tool(const agent_definition& definition, const std::string& name) {
  auto text = "Unknown tool name: '" + name + "'. ";
  if (definition.tools.empty())
    return text + "No tools available.";
  text += "Available tools: ";
  for (const auto& tool : definition.tools) {
    if (&tool != &definition.tools.front())
      text += ", ";
    text += '\'' + tool.name + '\'';
  }
  return text;
}

} // namespace

std::optional<tool_result>
refuse(const agent_definition& definition, const tool_call_part& call) {
  const auto* tool = definition.tool(call.tool_name);
  if (tool == nullptr)
    return told(call, unknown_tool(definition, call.tool_name));
  auto arguments = read_arguments(call.args);
  if (auto* invalid = std::get_if<invalid_value>(&arguments))
    return told(call, std::move(invalid->errors));
  if (!tool->schema)
    return std::nullopt;
  auto errors = errors_of(*tool->schema, std::get<json>(arguments));
  if (errors.empty())
    return std::nullopt;
  return told(call, std::move(errors));
}

bool is_cut_off(const tool_call_part& call) {
  return call.args.is_string()
         && !call.args.get_ref<const std::string&>().empty()
         && !parse_json(call.args.get_ref<const std::string&>());
}

std::optional<std::string> output_text(const model_response& response) {
  std::string text;
  std::string aloud;
  bool has_calls = false;
  for (const auto& part : response.parts) {
    if (const auto* piece = std::get_if<text_part>(&part)) {
      text += piece->content;
    } else if (const auto* call = std::get_if<tool_call_part>(&part)) {
      has_calls = has_calls || !call->builtin;
      // What came before was thinking aloud.
      if (call->builtin && !text.empty())
        aloud = std::exchange(text, {});
    }
  }
  if (text.empty()) {
    for (const auto& part : response.parts)
      if (const auto* summary = std::get_if<compaction_part>(&part))
        text += summary->content.value_or("");
  }
  // Unless it is all that was said: some providers tell of their searches last.
  if (text.empty() && !has_calls)
    text = std::move(aloud);
  if (text.empty())
    return std::nullopt;
  return text;
}

} // namespace perdure::runtime

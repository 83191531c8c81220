#include "runtime/flow/screening.hpp"

#include "runtime/messages/model_text.hpp"

namespace perdure::runtime {

namespace {

tool_result told(const tool_call_part& call, json content) {
  return {call.tool_name,
          call.tool_call_id,
          tool_result_kind::retry,
          std::move(content),
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

json error_item(std::string_view type, json location, std::string_view message,
                json input) {
  return {{"type", type},
          {"loc", std::move(location)},
          {"msg", message},
          {"input", std::move(input)}};
}

/// The value at `location`, or null.
json input_at(const json& arguments, const json& location) {
  const auto* at = &arguments;
  for (const auto& step : location) {
    if (step.is_string() && at->is_object()
        && at->contains(step.get_ref<const std::string&>()))
      at = &(*at)[step.get_ref<const std::string&>()];
    else if (step.is_number_integer() && at->is_array()
             && step.get<std::size_t>() < at->size())
      at = &(*at)[step.get<std::size_t>()];
    else
      return {};
  }
  return *at;
}

} // namespace

std::optional<tool_result>
refuse(const agent_definition& definition, const tool_call_part& call) {
  const auto* tool = definition.tool(call.tool_name);
  if (tool == nullptr)
    return told(call, unknown_tool(definition, call.tool_name));
  json arguments = json::object();
  if (!call.args.is_string()) {
    if (!call.args.is_null())
      arguments = call.args;
  } else if (const auto& text = call.args.get_ref<const std::string&>();
             !text.empty()) {
    auto parsed = parse_json(text);
    if (!parsed)
      return told(call, json::array({error_item(
                          "json_invalid", json::array(),
                          "Invalid JSON: " + parsed.error().message, text)}));
    arguments = std::move(*parsed);
  }
  if (!arguments.is_object())
    return told(
      call, json::array({error_item("dict_type", json::array(),
                                    "Input should be an object", arguments)}));
  if (!tool->schema)
    return std::nullopt;
  auto errors = json::array();
  for (auto& error : tool->schema->validate(arguments)) {
    if (error.location.is_null())
      error.location = json::array();
    auto input = input_at(arguments, error.location);
    errors.push_back(error_item("schema", std::move(error.location),
                                error.message, std::move(input)));
  }
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
  for (const auto& part : response.parts) {
    if (const auto* piece = std::get_if<text_part>(&part))
      text += piece->content;
    else if (const auto* call = std::get_if<tool_call_part>(&part);
             call != nullptr && call->builtin)
      text.clear(); // what came before was thinking aloud
  }
  if (text.empty()) {
    for (const auto& part : response.parts)
      if (const auto* summary = std::get_if<compaction_part>(&part))
        text += summary->content.value_or("");
  }
  if (text.empty())
    return std::nullopt;
  return text;
}

} // namespace perdure::runtime

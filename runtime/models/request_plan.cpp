#include "runtime/models/request_plan.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_settings.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

/// The schema of a tool's arguments, with the type that all APIs insist on.
json object_schema(const json& parameters) {
  if (!parameters.is_object())
    return {{"type", "object"}, {"properties", json::object()}};
  if (parameters.contains("type"))
    return parameters;
  json schema{{"type", "object"}};
  schema.update(parameters);
  if (!schema.contains("properties"))
    schema["properties"] = json::object();
  return schema;
}

/// A tool, or an output tool, as the model is told of it.
template <class Tool>
wire_tool told_tool(const Tool& tool, const model_profile& profile) {
  auto told
    = tell_schema(object_schema(tool.parameters), tool.strict, profile.dialect);
  return {tool.name, tool.description, std::move(told.schema), told.strict, {}};
}

/// The same, and what it returns: in a field of its own, or in words.
wire_tool
told_function(const tool_definition& tool, const model_profile& profile) {
  auto told = told_tool(tool, profile);
  if (!tool.tells_return_schema || tool.return_schema.is_null())
    return told;
  if (profile.supports_return_schema) {
    told.returns = tool.return_schema;
    return told;
  }
  if (!told.description.empty())
    told.description += "\n\n";
  told.description
    += "Return schema:\n\n"
       + tool.return_schema.dump(2, ' ', false, json::error_handler_t::replace);
  return told;
}

bool holds(const json& list, const std::string& name) {
  return list.is_array()
         && std::any_of(list.begin(), list.end(),
                        [&](const json& item) { return item == name; });
}

/// Whether the setting lets the model call this function tool.
bool is_allowed(const json* setting, const std::string& tool_name,
                bool has_outputs) {
  if (setting == nullptr)
    return true;
  if (setting->is_object())
    return holds(setting->value("function_tools", json::array()), tool_name);
  // Without output tools it is said in the choice, and the tools stay.
  return *setting != "none" || !has_outputs;
}

tool_choice choose(const request_plan& plan, const json* setting,
                   bool text_allowed, bool can_require) {
  if (setting != nullptr && *setting == "none" && text_allowed)
    return tool_choice::none;
  return text_allowed || !can_require || plan.tools.empty()
           ? tool_choice::automatic
           : tool_choice::required;
}

} // namespace

output_mode output_mode_for(const agent_definition& definition,
                            const model_profile& profile) noexcept {
  const auto wanted = definition.output.mode;
  if (wanted != output_mode::automatic)
    return wanted;
  if (profile.thinking_output != output_mode::automatic
      && is_thinking(definition.model_settings, profile))
    return profile.thinking_output;
  return profile.default_output;
}

result<unit>
check_output(const agent_definition& definition, const model_profile& profile,
             std::string_view model_name) {
  if (!definition.output.is_structured()
      || output_mode_for(definition, profile) != output_mode::native)
    return ok();
  const auto refused = [&](const char* why) {
    return failure{errc::invalid_argument,
                   "the model " + std::string{model_name} + why
                     + ", which the output mode native needs; use tool or "
                       "prompted"};
  };
  if (!profile.supports_json_schema)
    return refused(" has no response format with a schema");
  if (!definition.tools.empty() && !profile.supports_format_with_tools)
    return refused(" takes no response format together with tools");
  return ok();
}

request_plan plan_requests(const agent_definition& definition,
                           const model_profile& profile) {
  request_plan plan;
  const auto& output = definition.output;
  std::vector<output_tool> outputs;
  if (output.is_structured()) {
    plan.mode = output_mode_for(definition, profile);
    if (plan.mode == output_mode::tool)
      outputs = output_tools(output);
    else if (plan.mode == output_mode::native || profile.supports_json_object)
      plan.format = format_of(output);
    plan.any_object = plan.mode == output_mode::prompted;
    if (plan.mode == output_mode::prompted
        || (plan.mode == output_mode::native
            && profile.wants_schema_in_instructions))
      plan.instructions = output_instructions(output);
  }
  if (plan.format) {
    auto told
      = tell_schema(plan.format->schema, plan.format->strict, profile.dialect);
    plan.format->schema = std::move(told.schema);
    plan.format->strict = told.strict;
  }
  const auto* setting = find_value(definition.model_settings, "tool_choice");
  for (const auto& tool : definition.tools)
    if (is_allowed(setting, tool.name, !outputs.empty()))
      plan.tools.push_back(told_function(tool, profile));
  for (const auto& tool : outputs)
    plan.tools.push_back(told_tool(tool, profile));
  const auto text_allowed = outputs.empty() || output.allow_text
                            || output.allow_image || output.allow_null;
  const auto can_require
    = profile.supports_required_choice
      && (profile.supports_required_choice_thinking
          || !is_thinking(definition.model_settings, profile));
  plan.choice = choose(plan, setting, text_allowed, can_require);
  return plan;
}

} // namespace perdure::runtime

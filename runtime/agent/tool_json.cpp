#include "runtime/agent/tool_json.hpp"

namespace perdure::runtime {

namespace {

std::string_view name_of(tool_kind kind) {
  switch (kind) {
    case tool_kind::function:
      return "function";
    case tool_kind::command:
      return "command";
    case tool_kind::external:
      return "external";
    case tool_kind::mcp:
      return "mcp"; // never stored
  }
  return "function";
}

} // namespace

json to_json(const tool_definition& tool) {
  const tool_definition normal;
  auto result = json::object();
  result["name"] = tool.name;
  add_text(result, "description", tool.description);
  if (tool.kind != normal.kind)
    result["kind"] = name_of(tool.kind);
  if (tool.parameters != normal.parameters)
    result["parameters"] = tool.parameters;
  if (!tool.return_schema.is_null())
    result["return_schema"] = tool.return_schema;
  add_unless(result, "tells_return_schema", tool.tells_return_schema, false);
  add_unless(result, "sequential", tool.sequential, normal.sequential);
  if (tool.timeout)
    result["timeout_seconds"] = to_seconds(*tool.timeout);
  if (tool.max_retries)
    result["max_retries"] = *tool.max_retries;
  if (tool.strict)
    result["strict"] = *tool.strict;
  add_unless(result, "requires_approval", tool.requires_approval, false);
  if (tool.expires_after)
    result["expires_after_seconds"] = to_seconds(*tool.expires_after);
  if (tool.on_expiry == on_expiry::fail)
    result["on_expiry"] = "fail";
  if (!tool.metadata.is_null())
    result["metadata"] = tool.metadata;
  add_if_any(result, "command", to_json(tool.command));
  add_if_any(
    result, "policy",
    without_defaults(to_json(tool.policy), to_json(default_tool_policy())));
  add_unless(result, "is_task", tool.is_task, normal.is_task);
  return result;
}

json to_json(const tool_rule& rule) {
  auto result = json::object();
  if (rule.selector != "all")
    result["tools"] = rule.selector;
  add_if_any(result, "metadata", rule.metadata);
  add_unless(result, "requires_approval", rule.requires_approval, false);
  if (rule.expires_after)
    result["expires_after_seconds"] = to_seconds(*rule.expires_after);
  if (rule.on_expiry == on_expiry::fail)
    result["on_expiry"] = "fail";
  add_unless(result, "tells_return_schema", rule.tells_return_schema, false);
  add_if_any(result, "policy", rule.policy);
  return result;
}

tool_definition read_tool_definition(const json& value, std::string place,
                                     definition_context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  tool_definition result;
  result.name = in.required_text("name");
  result.description = in.text("description");
  // The names are in the order of the enum.
  result.kind = static_cast<tool_kind>(
    in.choice("kind", {"function", "command", "external"}));
  // A schema may also be `true` or `false`.
  if (const auto* parameters = in.find("parameters"))
    result.parameters = *parameters;
  result.return_schema = in.any("return_schema");
  result.tells_return_schema = in.flag("tells_return_schema", false);
  result.sequential = in.flag("sequential", false);
  result.timeout = in.duration("timeout_seconds");
  result.max_retries = read_u32(in, "max_retries");
  result.strict = read_optional_flag(in, "strict");
  result.requires_approval = in.flag("requires_approval", false);
  result.expires_after = in.duration("expires_after_seconds");
  result.on_expiry
    = static_cast<on_expiry>(in.choice("on_expiry", {"deny", "fail"}));
  result.metadata = in.any("metadata");
  if (const auto* command = in.find("command"))
    result.command
      = read_command_tool(*command, in.place("command"), ctx.problem);
  result.policy = read_policy(in, "policy", default_tool_policy());
  result.is_task = in.flag("is_task", true);
  result.schema
    = compile_schema(result.parameters, "tool \"" + result.name + '"', ctx);
  return result;
}

tool_rule
read_tool_rule(const json& value, std::string place, definition_context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  tool_rule result;
  if (const auto* selector = in.find("tools"))
    result.selector = *selector;
  result.metadata = in.object("metadata");
  result.requires_approval = in.flag("requires_approval", false);
  result.expires_after = in.duration("expires_after_seconds");
  result.on_expiry
    = static_cast<on_expiry>(in.choice("on_expiry", {"deny", "fail"}));
  result.tells_return_schema = in.flag("tells_return_schema", false);
  result.policy = in.object("policy");
  return result;
}

} // namespace perdure::runtime

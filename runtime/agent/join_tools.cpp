#include "runtime/agent/join_tools.hpp"

#include "runtime/mcp/reading.hpp"
#include "runtime/mcp/tool_list.hpp"
#include "runtime/mcp/tool_rules.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

bool is_allowed(const mcp::server_options& server, const std::string& name) {
  const auto& allowed = server.allowed_tools;
  return !allowed
         || std::find(allowed->begin(), allowed->end(), name) != allowed->end();
}

/// Null when there is none, or none that can be compiled.
schema_ptr compiled(const schema_compiler& compile, const json& schema) {
  if (!compile || schema.is_null())
    return nullptr;
  auto out = compile(schema);
  return out ? std::move(*out) : nullptr;
}

tool_definition
tool_of(const agent_definition& base, const mcp::server_options& server,
        const mcp::server_tool& listed, const schema_compiler& compile) {
  tool_definition tool;
  tool.kind = tool_kind::mcp;
  tool.name = listed.model_name;
  tool.description = listed.description;
  tool.parameters = listed.input_schema;
  tool.schema = compiled(compile, listed.input_schema);
  tool.return_schema = listed.output_schema;
  tool.mcp.server = server.id;
  tool.mcp.name = listed.name;
  tool.mcp.output_schema = compiled(compile, listed.output_schema);
  tool.mcp.as_task = listed.runs_as_task(server.prefer_tasks);
  tool.max_retries = server.max_retries;
  tool.metadata = listed.metadata();
  tool.policy = base.mcp_policy;
  tool.policy.on_interrupt
    = listed.on_interrupt_or(base.mcp_policy.on_interrupt);
  mcp::apply(base.tool_rules, tool);
  return tool;
}

/// The same for something that the server has besides its tools.
tool_definition
tool_of(const agent_definition& base, const mcp::server_options& server,
        const mcp::reading_tool& reading, const schema_compiler& compile) {
  mcp::server_tool listed;
  listed.name = reading.name;
  listed.model_name = mcp::model_name(server.prefix, reading.name);
  listed.description = reading.description;
  if (auto parameters = parse_json(reading.parameters))
    listed.input_schema = std::move(*parameters);
  listed.annotations = {{"readOnlyHint", true}};
  auto tool = tool_of(base, server, listed, compile);
  tool.mcp.action = reading.action;
  return tool;
}

bool is_offered(const mcp::reading_tool& reading,
                const mcp::server_options& server, const tool_listing& list) {
  return reading.capability == "resources"
           ? server.resources && list.has_resources
           : server.prompts && list.has_prompts;
}

/// Whose name it is already, or nothing.
std::optional<std::string>
owner_of(const agent_definition& definition, const std::string& name) {
  if (output_tool_index(definition.output, name))
    return "the output";
  const auto* tool = definition.tool(name);
  if (tool == nullptr)
    return std::nullopt;
  return tool->kind == tool_kind::mcp ? "server '" + tool->mcp.server + "'"
                                      : "the agent";
}

result<unit> add_tool(agent_definition& out, tool_definition tool) {
  if (const auto owner = owner_of(out, tool.name))
    return failure{errc::invalid_agent_file,
                   "MCP server '" + tool.mcp.server + "' lists a tool '"
                     + tool.name + "', and so does " + *owner
                     + "; set a prefix for one of them"};
  out.tools.push_back(std::move(tool));
  return ok();
}

result<unit>
add_tools(agent_definition& out, const agent_definition& base,
          const mcp::server_options& server, const tool_listing& list,
          const schema_compiler& compile) {
  const auto listed = mcp::read_tools({{"tools", list.tools}}, server);
  for (const auto& tool : listed.tools)
    if (is_allowed(server, tool.name))
      if (const auto added
          = add_tool(out, tool_of(base, server, tool, compile));
          !added)
        return added;
  for (const auto& reading : mcp::reading_tools()) {
    if (!is_offered(reading, server, list))
      continue;
    auto tool = tool_of(base, server, reading, compile);
    // A server that has a tool for it knows best.
    if (listed.find(tool.name) != nullptr)
      continue;
    if (const auto added = add_tool(out, std::move(tool)); !added)
      return added;
  }
  return ok();
}

} // namespace

result<definition_ptr>
join_tools(const agent_definition& base, const std::vector<tool_listing>& lists,
           const schema_compiler& compile) {
  auto out = std::make_shared<agent_definition>(base);
  out->is_joined = true;
  for (std::size_t i = 0; i < lists.size() && i < base.mcp_servers.size();
       ++i) {
    const auto& server = base.mcp_servers[i];
    if (server.include_instructions && !lists[i].instructions.empty())
      out->instructions.push_back({lists[i].instructions, false});
    if (const auto added = add_tools(*out, base, server, lists[i], compile);
        !added)
      return added.error();
  }
  return definition_ptr{std::move(out)};
}

result<definition_ptr>
definition_in_force(const agent_definition& base,
                    const std::vector<tool_listing>& lists) {
  return base.join ? base.join(base, lists) : join_tools(base, lists, {});
}

} // namespace perdure::runtime

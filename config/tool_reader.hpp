#pragma once

#include "config/agent_reader.hpp"

/// What the readers of capabilities share that are about tools.
namespace perdure::config {

/// Reads `name`, which no other tool of the agent may have.
void read_tool_name(const field_reader& fields, agent_draft& draft,
                    runtime::tool_definition& tool);

/// Reads `parameters` (no arguments when absent) and `return_schema`.
void read_tool_parameters(const field_reader& fields, const reading& with,
                          runtime::tool_definition& tool);

/// @returns nullptr when there is no such tool
runtime::tool_definition*
find_tool(agent_draft& draft, const std::string& name);

/// What is said of a tool that is not there.
std::string unknown_tool(const std::string& name, const agent_draft& draft);

std::vector<runtime::tool_definition*> all_tools(agent_draft& draft);

/// The tools that a selector means: `all`, a list of names, or an object that
/// the metadata of the tool includes. With MCP servers a name may be that of a
/// tool which is not known yet. @pre all tools and servers were read
std::vector<runtime::tool_definition*>
select_tools(const file_place& selector, const reading& with,
             agent_draft& draft);

/// Has the rule applied to the tools of MCP servers, if there are servers.
/// @pre all servers were read
void add_tool_rule(agent_draft& draft, runtime::json selector,
                   runtime::tool_rule rule);

} // namespace perdure::config

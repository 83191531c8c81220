#include "config/capability_reader.hpp"
#include "config/tool_reader.hpp"

namespace perdure::config {

namespace {

using runtime::json;
using runtime::task_policy;

/// Adds what runtime says is wrong with one key; it starts with that key.
void add_problem(const file_place& place, const document::member& member,
                 const std::string& message, const reading& with) {
  const auto key = member.key + ": ";
  const auto found = message.find(key);
  with.problems.add(
    member.position, place.at(member.key, member.value).path,
    found == std::string::npos ? message : message.substr(found + key.size()));
}

/// Reads each key by itself, so that each problem has its own place.
task_policy read_policy(const std::optional<file_place>& place,
                        const reading& with, task_policy policy) {
  if (!place)
    return policy;
  if (place->node->type != document::kind::object) {
    with.problems.add(place->node->position, place->path,
                      "must be an object of task settings");
    return policy;
  }
  for (const auto& member : place->node->members) {
    auto setting = json::object();
    setting[member.key] = to_json(place->at(member.key, member.value), with);
    auto merged = runtime::task_policy_from_json(setting, policy);
    if (merged)
      policy = std::move(*merged);
    else
      add_problem(*place, member, merged.error().message, with);
  }
  return policy;
}

/// Settings of a tool that some MCP server may have.
void read_mcp_tool(const file_place& at, const document::member& member,
                   const reading& with, agent_draft& draft) {
  if (member.value.scalar == false)
    return with.problems.add(member.position, at.path,
                             "must be settings: '" + member.key
                               + "' is no tool of the agent's own, and a call "
                                 "of an MCP server's tool is always a task");
  runtime::tool_rule rule;
  [[maybe_unused]] const auto checked
    = read_policy(at, with, runtime::default_mcp_policy());
  rule.policy = to_json(at, with);
  add_tool_rule(draft, json::array({member.key}), std::move(rule));
}

void read_by_name(const file_place& place, const reading& with,
                  agent_draft& draft) {
  if (place.node->type != document::kind::object)
    return with.problems.add(place.node->position, place.path,
                             "must be an object with the names of tools as "
                             "keys");
  for (const auto& member : place.node->members) {
    auto* tool = find_tool(draft, member.key);
    const auto at = place.at(member.key, member.value);
    if (tool == nullptr && !draft.definition.mcp_servers.empty())
      read_mcp_tool(at, member, with, draft);
    else if (tool == nullptr)
      with.problems.add(member.position, place.path,
                        unknown_tool(member.key, draft));
    else if (member.value.scalar == false)
      tool->is_task = false;
    else
      tool->policy = read_policy(at, with, tool->policy);
  }
}

} // namespace

void read_durability(const file_place& place, const reading& with,
                     agent_draft& draft) {
  const field_reader fields{
    place, with, {"model", "tools", "tools_by_name", "mcp", "events"}};
  auto& definition = draft.definition;
  definition.model_policy
    = read_policy(fields.find("model"), with, definition.model_policy);
  const auto tool_policy
    = read_policy(fields.find("tools"), with, runtime::default_tool_policy());
  for (auto& tool : definition.tools)
    tool.policy = tool_policy;
  if (const auto by_name = fields.find("tools_by_name"))
    read_by_name(*by_name, with, draft);
  const auto mcp = fields.find("mcp");
  definition.mcp_policy = read_policy(mcp, with, runtime::default_mcp_policy());
  if (mcp && definition.mcp_servers.empty())
    with.problems.warn(mcp->node->position, mcp->path,
                       "has no effect: the agent has no MCP server");
  const auto events = fields.find("events");
  const auto handler_policy
    = read_policy(events, with, runtime::default_handler_policy());
  for (auto& handler : definition.handlers)
    handler.policy = handler_policy;
  if (events && definition.handlers.empty())
    with.problems.warn(events->node->position, events->path,
                       "has no effect: the agent has no EventHandler");
}

void read_tool_metadata(const file_place& place, const reading& with,
                        agent_draft& draft) {
  const auto* selector = place.node->find("tools");
  const auto tools
    = selector == nullptr
        ? all_tools(draft)
        : select_tools(place.at("tools", *selector), with, draft);
  runtime::tool_rule rule;
  for (const auto& member : place.node->members) {
    if (member.key == "tools")
      continue;
    const auto at = place.at(member.key, member.value);
    const auto value = to_json(at, with);
    for (auto* tool : tools)
      tool->metadata[member.key] = value;
    rule.metadata[member.key] = value;
    if (member.key == "prefect" || member.key == "temporal"
        || member.key == "dbos")
      with.problems.warn(member.position, at.path,
                         "is not read as task settings; use "
                         "Durability.tools_by_name");
  }
  if (!rule.metadata.is_null())
    add_tool_rule(draft,
                  selector == nullptr
                    ? json("all")
                    : to_json(place.at("tools", *selector), with),
                  std::move(rule));
}

void read_limits(const file_place& place, const reading& with,
                 agent_draft& draft) {
  auto& limits = draft.definition.limits;
  for (const auto& member : place.node->members) {
    auto limit = json::object();
    limit[member.key] = to_json(place.at(member.key, member.value), with);
    auto merged = runtime::usage_limits_from_json(limit, limits);
    if (merged)
      limits = *merged;
    else
      add_problem(place, member, merged.error().message, with);
  }
}

} // namespace perdure::config

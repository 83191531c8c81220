#include "config/tool_reader.hpp"

#include "config/schema_compiler.hpp"
#include "runtime/mcp/tool_rules.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

using runtime::json;

/// What all providers accept.
bool is_tool_name(std::string_view name) {
  constexpr std::size_t size_max = 64;
  return !name.empty() && name.size() <= size_max
         && std::all_of(name.begin(), name.end(), [](char sign) {
              return (sign >= 'a' && sign <= 'z')
                     || (sign >= 'A' && sign <= 'Z')
                     || (sign >= '0' && sign <= '9') || sign == '_'
                     || sign == '-';
            });
}

} // namespace

void read_tool_name(const field_reader& fields, agent_draft& draft,
                    runtime::tool_definition& tool) {
  auto name = fields.required_text("name");
  if (!name)
    return;
  if (!draft.prefix.empty())
    *name = draft.prefix + '_' + *name;
  const auto place = *fields.find("name");
  if (!is_tool_name(*name))
    return fields.add(place, "the tool name '" + *name
                               + "' must have 1 to 64 letters, digits, '_' or "
                                 "'-'");
  const auto [other, is_new] = draft.tools.emplace(*name, place);
  if (!is_new)
    return fields.add(place,
                      "the tool '" + *name + "' is already at line "
                        + std::to_string(other->second.node->position.line));
  tool.name = std::move(*name);
}

void read_tool_parameters(const field_reader& fields, const reading& with,
                          runtime::tool_definition& tool) {
  tool.return_schema = fields.object("return_schema").value_or(json{});
  tool.parameters = {{"type", "object"}, {"properties", json::object()}};
  const auto found = fields.find("parameters");
  if (found) {
    auto parameters = fields.object("parameters");
    if (!parameters)
      return;
    const auto type = parameters->find("type");
    if (type == parameters->end() || *type != "object")
      return fields.add(*found, "must be a JSON Schema with type: object");
    tool.parameters = std::move(*parameters);
  }
  auto compiled = compile_schema(tool.parameters);
  if (!compiled)
    return fields.add(*found, compiled.error().message);
  tool.schema = std::move(*compiled);
  for (const auto& keyword : tool.schema->unenforced())
    with.problems.warn(found->node->position, found->path,
                       "tool '" + tool.name + "': " + keyword
                         + " is sent to the model, but not enforced");
}

runtime::tool_definition*
find_tool(agent_draft& draft, const std::string& name) {
  auto& tools = draft.definition.tools;
  const auto found
    = std::find_if(tools.begin(), tools.end(),
                   [&](const auto& tool) { return tool.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

std::string unknown_tool(const std::string& name, const agent_draft& draft) {
  std::vector<std::string> names;
  for (const auto& [known, place] : draft.tools)
    names.push_back(known);
  return "unknown tool '" + name + "'; " + name_hint(name, names);
}

std::vector<runtime::tool_definition*> all_tools(agent_draft& draft) {
  std::vector<runtime::tool_definition*> out;
  for (auto& tool : draft.definition.tools)
    out.push_back(&tool);
  return out;
}

std::vector<runtime::tool_definition*>
select_tools(const file_place& selector, const reading& with,
             agent_draft& draft) {
  std::vector<runtime::tool_definition*> selected;
  const auto value = to_json(selector, with);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto name = value[i].is_string() ? value[i].get<std::string>()
                                             : runtime::to_text(value[i]);
      const auto at = selector.at(i);
      if (auto* tool = find_tool(draft, name))
        selected.push_back(tool);
      else if (draft.definition.mcp_servers.empty())
        with.problems.add(at.node->position, at.path,
                          unknown_tool(name, draft));
    }
  } else if (value == "all") {
    return all_tools(draft);
  } else if (value.is_object()) {
    for (auto& tool : draft.definition.tools)
      if (runtime::mcp::includes(tool.metadata, value))
        selected.push_back(&tool);
  } else {
    with.problems.add(selector.node->position, selector.path,
                      "must be all, a list of tool names, or an object that "
                      "the metadata of the tools includes");
  }
  return selected;
}

void add_tool_rule(agent_draft& draft, runtime::json selector,
                   runtime::tool_rule rule) {
  if (draft.definition.mcp_servers.empty())
    return;
  rule.selector = std::move(selector);
  draft.definition.tool_rules.push_back(std::move(rule));
}

} // namespace perdure::config

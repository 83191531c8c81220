#include "runtime/mcp/tool_rules.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

void apply(const tool_rule& rule, tool_definition& tool) {
  for (const auto& [key, value] : rule.metadata.items())
    tool.metadata[key] = value;
  if (rule.requires_approval) {
    tool.requires_approval = true;
    if (rule.expires_after) {
      tool.expires_after = rule.expires_after;
      tool.on_expiry = rule.on_expiry;
    }
  }
  if (rule.tells_return_schema)
    tool.tells_return_schema = true;
  // What cannot be read was refused when the agent's file was.
  if (!rule.policy.is_null())
    if (auto policy = task_policy_from_json(rule.policy, tool.policy))
      tool.policy = std::move(*policy);
}

} // namespace

bool includes(const json& whole, const json& part) {
  if (!part.is_object())
    return same_json(whole, part);
  if (!whole.is_object())
    return false;
  return std::all_of(
    part.items().begin(), part.items().end(), [&](const auto& item) {
      const auto found = whole.find(item.key());
      return found != whole.end() && includes(*found, item.value());
    });
}

bool selects(const json& selector, const tool_definition& tool) {
  if (selector.is_array())
    return std::find(selector.begin(), selector.end(), tool.name)
           != selector.end();
  if (selector.is_object())
    return includes(tool.metadata, selector);
  return selector == "all";
}

void apply(const std::vector<tool_rule>& rules, tool_definition& tool) {
  for (const auto& rule : rules)
    if (selects(rule.selector, tool))
      apply(rule, tool);
}

} // namespace perdure::runtime::mcp

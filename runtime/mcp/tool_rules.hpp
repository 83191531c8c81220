#pragma once

#include "runtime/agent/definition.hpp"

#include <string_view>

namespace perdure::runtime::mcp {

/// Whether `selector` means a tool: `"all"`, a list of names, or an object
/// that the tool's metadata includes.
bool selects(const json& selector, const tool_definition& tool);

/// Whether everything in `part` is also in `whole`.
bool includes(const json& whole, const json& part);

/// Brings a tool of a server into the form that the agent's file wants: its
/// rules, in order.
/// @pre `tool` has its name and metadata
void apply(const std::vector<tool_rule>& rules, tool_definition& tool);

} // namespace perdure::runtime::mcp

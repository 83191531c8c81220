#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/agent/definition_fields.hpp"

namespace perdure::runtime {

/// The stored forms of a tool and of a rule for tools that are not known yet;
/// see `definition_json.hpp`.
json to_json(const tool_definition& tool);
json to_json(const tool_rule& rule);

/// Read what `to_json` wrote. What is wrong goes to `ctx`.
tool_definition read_tool_definition(const json& value, std::string place,
                                     definition_context& ctx);
tool_rule
read_tool_rule(const json& value, std::string place, definition_context& ctx);

} // namespace perdure::runtime

#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/call.hpp"
#include "runtime/mcp/tool_action.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string_view>

/// Resources and prompts of a server as tools: the model lists them and reads
/// them. None changes anything, so an interrupted call is made again.
namespace perdure::runtime::mcp {

struct reading_tool {
  tool_action action = tool_action::call;
  /// Before the server's prefix.
  std::string_view name;
  std::string_view description;
  /// JSON Schema.
  std::string_view parameters;
  /// Of the server: `resources` or `prompts`.
  std::string_view capability;
};

std::span<const reading_tool> reading_tools() noexcept;

bool is_list(tool_action action) noexcept;

/// Has `request` ask for what the action is.
/// @pre `action` is not `call`, and the arguments fit the tool's parameters
void ask_for(tool_action action, const json& arguments, call_request& request);

/// What the model gets of the result. Contents are values as those of tools
/// are; of what is listed, what a model can use.
json read_value(tool_action action, const json& result);

} // namespace perdure::runtime::mcp

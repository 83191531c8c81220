#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// A tool that the model's provider runs itself.
struct native_tool {
  /// E.g. `web_search`.
  std::string kind;
  /// Left out where a model has no such tool; otherwise that is an error.
  bool optional = false;
  /// What was said of it; an object.
  json options = json::object();
};

/// One object per tool: its options, `kind` and, when true, `optional`.
json to_json(const std::vector<native_tool>& tools);

/// What a kind of tool may be told.
struct native_tool_option {
  std::string_view name;
  /// See `fits`.
  std::string_view takes;
  bool is_required = false;
  /// It narrows what the tool may do: it is never left out in silence.
  bool restricts = false;
};

struct native_tool_kind {
  std::string_view name;
  std::vector<native_tool_option> options;
};

/// All kinds that this version can ask a provider for.
std::span<const native_tool_kind> native_tool_kinds();

/// @returns null for an unknown kind
const native_tool_kind* find_native_tool(std::string_view kind);

/// What is wrong with `tool`; empty when it can be asked for.
std::string check_native_tool(const native_tool& tool);

/// All names, for messages.
std::string native_tool_names();

} // namespace perdure::runtime

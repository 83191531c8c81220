#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perdure::runtime {

struct agent_definition;

/// What an MCP server said of its tools, and whether it has other things to
/// read; a run keeps it to its end.
struct tool_listing {
  /// Id of the server.
  std::string server;
  /// For the model; empty for none.
  std::string instructions;
  /// An array, as the server wrote its items.
  json tools = json::array();
  /// SHA-256 of `tools`, hex.
  std::string hash;
  bool has_resources = false;
  bool has_prompts = false;
};

/// Makes the definition in force: the one given, and the tools that its servers
/// listed, in the order of the servers.
using toolset_joiner
  = std::function<result<std::shared_ptr<const agent_definition>>(
    const agent_definition& base, const std::vector<tool_listing>& lists)>;

} // namespace perdure::runtime

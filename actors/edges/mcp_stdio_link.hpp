#pragma once

#include "actors/edges/mcp_link.hpp"
#include "actors/edges/server_processes.hpp"

namespace perdure::actors {

struct mcp_stdio_options {
  std::shared_ptr<server_processes> processes;
  server_request server;
  /// Of one message; a larger one is dropped and its exchange lost.
  std::uint64_t message_max_bytes = 32ull << 20;
};

/// MCP over a child's pipes: one message per line both ways. What the program
/// says on its standard error, and what is no message, is a line for people.
std::shared_ptr<mcp_link>
make_mcp_stdio_link(mcp_link_context context, mcp_stdio_options options);

} // namespace perdure::actors

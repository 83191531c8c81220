#pragma once

#include "actors/edges/mcp_link.hpp"
#include "actors/mcp/http_access.hpp"
#include "runtime/mcp/server.hpp"

namespace perdure::actors {

/// Opens links to MCP servers. Thread-safe.
class mcp_links {
public:
  virtual ~mcp_links() = default;

  /// @returns errc::invalid_argument when the server's options cannot be used,
  /// as when a variable is not set
  virtual runtime::result<std::shared_ptr<mcp_link>>
  open(const runtime::mcp::server_options& server, mcp_link_context context)
    = 0;
};

/// Processes and HTTP. Variables are filled in from the environment of `node`.
std::shared_ptr<mcp_links>
make_mcp_links(const services& node, mcp_http_access access);

} // namespace perdure::actors

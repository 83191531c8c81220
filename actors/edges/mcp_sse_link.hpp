#pragma once

#include "actors/edges/mcp_http.hpp"

namespace perdure::actors {

/// MCP over HTTP with server-sent events, as of 2024-11-05: one stream brings
/// all that the server says, and names first where messages are to be posted,
/// which must be at the same origin. The stream's end is the link's.
std::shared_ptr<mcp_link>
make_mcp_sse_link(mcp_link_context context, mcp_http_options options);

} // namespace perdure::actors

#pragma once

#include "actors/edges/mcp_http.hpp"

namespace perdure::actors {

/// Streamable HTTP, or HTTP with server-sent events when the server turns out
/// to know nothing else: it refuses `initialize` with 400, 404 or 405, and a
/// GET of the same URL brings an endpoint.
std::shared_ptr<mcp_link>
make_mcp_auto_link(mcp_link_context context, mcp_http_options options);

} // namespace perdure::actors

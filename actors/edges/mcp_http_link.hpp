#pragma once

#include "actors/edges/mcp_http.hpp"

namespace perdure::actors {

/// MCP over Streamable HTTP, in both eras: a POST for each message, whose
/// answer is JSON or a stream of events.
///
/// Legacy era: keeps the session that the answer to `initialize` names, goes on
/// with a stream that broke where it ended (`Last-Event-ID`, after the `retry`
/// that the server asked for), and listens to what the server says by itself.
/// In the modern era a stream that broke is lost.
std::shared_ptr<mcp_link>
make_mcp_http_link(mcp_link_context context, mcp_http_options options);

} // namespace perdure::actors

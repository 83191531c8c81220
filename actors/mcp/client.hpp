#pragma once

#include "actors/mcp/http_access.hpp"
#include "runtime/mcp/call.hpp"

#include <functional>
#include <memory>

namespace perdure::actors {

/// Calls MCP servers for a program, outside of any run: nothing is journaled,
/// and nobody is there whom a server could ask. Thread-safe.
class mcp_client {
public:
  /// Called once, on any thread.
  using answer = std::function<void(runtime::mcp::call_outcome)>;

  virtual ~mcp_client() = default;

  /// The connection to the server is opened by the first call, and shared by
  /// all calls to it. Calls that are under way when this goes are `lost`.
  virtual void call(runtime::mcp::server_options server,
                    runtime::mcp::call_request request, answer done)
    = 0;
};

/// @param node needs a clock, HTTP, environment and a log
std::unique_ptr<mcp_client> make_mcp_client(const services_ptr& node);

} // namespace perdure::actors

#pragma once

#include "actors/api/mcp_logins.hpp"
#include "actors/edges/http_server.hpp"
#include "actors/mcp/board.hpp"
#include "actors/mcp/hub.hpp"
#include "actors/services.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>
#include <string>

/// MCP servers in the HTTP API: how their connections are doing, and calls
/// without a run.
namespace perdure::actors {

/// What the API needs to know of servers.
struct mcp_desk {
  mcp_hub_actor hub;
  mcp_logins_actor logins;
  std::shared_ptr<const mcp_board> board;
  std::shared_ptr<const mcp_http_access> access;
};

/// All servers of the node's agents: `{"servers": [...]}`. Those that nobody
/// has needed yet are `idle`.
runtime::json list_servers(const services& node, const mcp_desk& desk);

/// One of them, with the last lines of its log.
/// Errors: errc::run_not_found, naming those that exist
runtime::result<runtime::json>
show_server(const services& node, const mcp_desk& desk, const std::string& id);

/// A server of the node's agents.
/// Errors: errc::run_not_found, naming those that exist
runtime::result<mcp_server_ptr>
find_server(const services& node, const std::string& id);

/// A request of a server from the body of an API call.
/// @param what `tools`, `call`, `resources`, `templates`, `read`, `prompts` or
/// `prompt`
/// Errors: errc::run_not_found, errc::invalid_argument
runtime::result<mcp_call>
parse_server_call(const services& node, const std::string& id,
                  const std::string& what, const std::string& body);

struct server_session_options {
  mcp_hub_actor hub;
  std::shared_ptr<server_exchange> exchange;
  mcp_call call;
};

/// Answers the exchange with what the server comes to.
caf::behavior
server_session(caf::event_based_actor* self, server_session_options options);

} // namespace perdure::actors

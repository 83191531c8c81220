#pragma once

#include "actors/edges/mcp_credentials.hpp"
#include "actors/edges/mcp_http.hpp"

namespace perdure::actors {

/// Has a person visit a URL, and calls `redirected` with where that led to, on
/// any thread and at any time.
using mcp_visitor = std::function<void(
  std::string url, std::function<void(std::string)> redirected)>;

struct mcp_auth_options {
  /// Its `clients` and `previous` come from the credentials.
  runtime::mcp::oauth::flow_options flow;
  runtime::mcp::oauth::flow_services services;
  std::shared_ptr<mcp_credentials> credentials;
  /// What they are kept under.
  std::string key;
  std::function<runtime::timestamp()> now;
  /// Absent where no person is: then a login fails and says so.
  mcp_visitor visitor;
};

/// A link over HTTP with tokens: gets one when the server wants it (401), a
/// better one when it wants more scopes (403), the next one when it is over,
/// and sends again what was refused meanwhile. Goes by the credentials as they
/// are at each request, so a login or logout elsewhere counts at once.
std::shared_ptr<mcp_link>
make_mcp_auth_link(mcp_link_context context, mcp_http_options options,
                   mcp_auth_options auth);

} // namespace perdure::actors

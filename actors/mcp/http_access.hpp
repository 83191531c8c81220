#pragma once

#include "actors/edges/mcp_auth_link.hpp"
#include "actors/services.hpp"
#include "runtime/mcp/server.hpp"

namespace perdure::actors {

/// How a node reaches MCP servers over HTTP: fills in the variables of their
/// entries, and knows the credentials. Thread-safe.
class mcp_http_access {
public:
  /// @param credentials null for those that are kept in memory
  /// @param visitor absent where no person is at hand
  explicit mcp_http_access(const services& node,
                           std::shared_ptr<mcp_credentials> credentials = {},
                           mcp_visitor visitor = {});

  /// Address and headers.
  /// Errors: errc::invalid_argument when a variable is not set
  [[nodiscard]] runtime::result<mcp_http_options>
  options_for(const runtime::mcp::server_options& server) const;

  /// How to get tokens. @pre the server's `auth` is not `none`
  /// Errors: as `options_for`, and errc::invalid_argument for a private key
  /// that is none
  [[nodiscard]] runtime::result<mcp_auth_options>
  authorization_for(const runtime::mcp::server_options& server) const;

  /// Whether there is a grant for the server, of whatever age.
  [[nodiscard]] bool
  has_grant(const runtime::mcp::server_options& server) const;

  /// @returns whether there was a grant
  /// Errors: as `options_for`, errc::storage_io
  [[nodiscard]] runtime::result<bool>
  forget_grant(const runtime::mcp::server_options& server) const;

private:
  std::shared_ptr<world> world_;
  std::shared_ptr<http_client> http_;
  std::function<runtime::result<std::string>(std::string_view)> expand_;
  std::shared_ptr<mcp_credentials> credentials_;
  mcp_visitor visitor_;
};

} // namespace perdure::actors

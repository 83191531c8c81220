#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/oauth/web.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/result.hpp"
#include "runtime/time.hpp"

#include <functional>
#include <string>

/// How the node shows an authorization server who it is.
namespace perdure::runtime::mcp::oauth {

/// What an authorization server knows the node by. Belongs to that server
/// alone.
struct client {
  std::string id;
  /// Empty for a public client.
  std::string secret;
  /// `client_secret_basic`, `client_secret_post` or `none`; empty: as the
  /// server's metadata says.
  std::string auth_method;
};

/// What the flow needs of the world.
struct flow_services {
  /// 32 bytes.
  std::function<std::string(std::string_view)> sha256;
  /// A new text that nobody can guess, of 43 or more URL-safe characters.
  std::function<std::string()> random_text;
  /// Signs with the private key; may be empty when there is none.
  std::function<result<std::string>(std::string_view)> sign;
  /// Of `sign`, e.g. `ES256`.
  std::string sign_algorithm;
};

/// The `token_endpoint_auth_method` to register with.
/// @param server metadata of the authorization server
std::string method_to_register(const json& server);

/// Adds to a token request what shows who `who` is.
/// Errors: errc::mcp_unauthorized when it cannot be shown.
result<unit> add_client(const client& who, const auth_options& auth,
                        const json& server, const flow_services& services,
                        timestamp now, form& fields, header_list& headers);

} // namespace perdure::runtime::mcp::oauth

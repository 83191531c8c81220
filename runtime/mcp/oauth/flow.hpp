#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/oauth/client_auth.hpp"
#include "runtime/mcp/oauth/web.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/result.hpp"
#include "runtime/time.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// How the node gets a token for an MCP server (OAuth 2.1).
namespace perdure::runtime::mcp::oauth {

/// A token, and what is needed to get the next one.
struct grant {
  std::string access_token;
  /// Empty when there is none.
  std::string refresh_token;
  std::optional<timestamp> expires;
  /// What was asked for, separated by spaces.
  std::string scope;
  /// Of the authorization server.
  std::string issuer;
  /// Times in a row that the server wanted more scopes.
  unsigned step_ups = 0;
};

struct flow_options {
  std::string server_url;
  /// Secrets are filled in.
  auth_options auth;
  std::string redirect_uri = "http://127.0.0.1:7438/callback";
  std::string client_name = "Perdure";
  /// Known from before, by issuer.
  std::map<std::string, client> clients;
  /// The grant that the server does not accept any more.
  std::optional<grant> previous;
  /// Somebody is there to visit a page. Otherwise a login is denied before
  /// anything is asked for it.
  bool has_person = true;
  /// What a person has to do to log in, for the denial.
  std::string login_command;
};

// -- what is to be done next --------------------------------------------------

/// Make this request, without following redirects, and hand in the answer.
struct fetch {
  http_request request;
};

/// A person has to visit this; hand in where they are redirected to.
struct visit {
  std::string url;
};

struct granted {
  oauth::grant grant;
  /// To be kept for the next time.
  std::map<std::string, client> clients;
};

/// errc::mcp_unauthorized; errc::mcp_unavailable when another try may help.
struct denied {
  failure reason;
};

using step = std::variant<fetch, visit, granted, denied>;

/// One way from a refusal (401, or 403 with `insufficient_scope`) to a token.
///
///   resource metadata -> server metadata -> registration -> person -> token
///                                      \--> refresh token ----------/
///                                       \-> client credentials ----/
///
/// Every input returns the one step that is next; after `granted` and `denied`
/// there is none.
/// Source:  MCP 2026-07-28, "Authorization"; RFC 8414, 8707, 9207, 9728
class flow {
public:
  flow(flow_options options, flow_services services);

  step begin(const challenge& refusal, timestamp now);
  step answered(const http_answer& answer, timestamp now);
  /// @param url where the person was redirected to, or its query
  step redirected(std::string_view url);

private:
  enum class phase {
    idle,
    resource_metadata,
    server_metadata,
    registering,
    visiting,
    refreshing,
    asking_token,
  };

  step next_resource_metadata();
  step on_resource_metadata(const http_answer& answer);
  step begin_server_metadata(const std::string& issuer);
  step next_server_metadata();
  step on_server_metadata(const http_answer& answer);
  step use_default_endpoints();
  step on_server_known();
  step find_client();
  step on_registered(const http_answer& answer);
  step authorize();
  step ask_token(form fields, phase next);
  step on_token(const http_answer& answer);
  step deny(std::string message, errc code = errc::mcp_unauthorized);
  step deny_login();
  [[nodiscard]] bool lacks_person() const noexcept;
  [[nodiscard]] bool can_refresh() const noexcept;

  void choose_scope();
  [[nodiscard]] std::string endpoint(const char* key) const;

  flow_options options_;
  flow_services services_;
  phase phase_ = phase::idle;
  challenge refusal_;
  timestamp now_{};
  std::vector<std::string> candidates_;
  /// Null when the server has none (2025-03-26).
  json resource_;
  std::string issuer_;
  json server_;
  oauth::client client_;
  std::string scope_;
  std::string verifier_;
  std::string state_;
};

} // namespace perdure::runtime::mcp::oauth

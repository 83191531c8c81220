#pragma once

#include "actors/edges/http_server.hpp"
#include "actors/edges/token_flow.hpp"
#include "actors/mcp/http_access.hpp"
#include "actors/mcp/messages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <string>

namespace perdure::actors {

// All of them answer the exchange that they come with.
using mcp_logins_actor = caf::typed_actor<caf::reacts_to<mcp_login_begun>,
                                          caf::reacts_to<mcp_login_redirected>,
                                          caf::reacts_to<mcp_logout>,
                                          // INTERNAL: work of a flow.
                                          caf::reacts_to<mcp_work>>;

/// Logins at MCP servers that are under way.
///
///   begun ---> the server is asked what it wants ---> a page to visit
///                                                          |
///   credentials kept <--- token <--- code <--- redirected -+
///
/// A login that nobody finishes is forgotten, and all are when the node ends:
/// they hold nothing that lasts.
struct mcp_logins_state {
  explicit mcp_logins_state(mcp_logins_actor::pointer self_ptr);
  ~mcp_logins_state();

  void begin(const mcp_login_begun& wish);
  void redirect(const mcp_login_redirected& news);
  void leave(const mcp_logout& wish);

  static constexpr const char* name = "mcp-logins";

  mcp_logins_actor::pointer self;
  services_ptr services;
  std::optional<mcp_http_access> access;

private:
  struct login {
    mcp_server_ptr server;
    mcp_auth_options auth;
    runtime::timestamp began{};
    /// Waits for what is next; null while a person is on the way.
    std::shared_ptr<server_exchange> exchange;
    /// Asks the server what it wants.
    http_client::id probe = 0;
    std::shared_ptr<token_flow> flow;
  };

  void start_probe(const std::string& id, login& entry,
                   const mcp_http_options& options);
  void on_probe(const std::string& id, const http_arrival& arrived);
  void start_flow(const std::string& id, login& entry,
                  runtime::mcp::oauth::challenge wanted);
  void on_step(const std::string& id, runtime::mcp::oauth::step& next);
  void perform(const std::string& id, login& entry,
               const runtime::mcp::oauth::visit& step);
  void perform(login& entry, const runtime::mcp::oauth::granted& step) const;
  void end(const std::string& id, const runtime::failure& reason);
  void forget_old();
  [[nodiscard]] runtime::failure
  about(const login& entry, const runtime::failure& reason) const;

  std::map<std::string, login> logins_;
  std::shared_ptr<work_queue> queue_;
};

mcp_logins_actor::behavior_type
mcp_logins(mcp_logins_actor::stateful_pointer<mcp_logins_state> self,
           services_ptr node, mcp_http_access access);

/// The body of `mcp_login_redirected`: `{"redirected_to": URL}`.
/// Errors: errc::invalid_argument
runtime::result<std::string> redirect_in(const std::string& body);

} // namespace perdure::actors

#include "actors/api/mcp_logins.hpp"

#include "actors/api/answers.hpp"
#include "actors/mcp/actor_queue.hpp"
#include "runtime/mcp/oauth/discovery.hpp"
#include "runtime/mcp/version.hpp"

#include <utility>

namespace perdure::actors {

namespace {

namespace oauth = runtime::mcp::oauth;
using runtime::errc;
using runtime::failure;
using runtime::json;
using namespace std::chrono_literals;

/// How long a person has.
constexpr auto login_time = 10min;
constexpr std::size_t logins_max = 64;

constexpr auto probe_timeout = 30s;

/// What any server answers with 401 as long as nobody has logged in.
std::string probe_text() {
  return runtime::to_text(
    {{"jsonrpc", "2.0"},
     {"id", 1},
     {"method", "initialize"},
     {"params",
      {{"protocolVersion",
        runtime::mcp::newest_version(runtime::mcp::era::legacy)},
       {"capabilities", json::object()},
       {"clientInfo", {{"name", "perdure"}, {"version", "login"}}}}}});
}

} // namespace

mcp_logins_state::mcp_logins_state(mcp_logins_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

mcp_logins_state::~mcp_logins_state() {
  for (const auto& [id, entry] : logins_) {
    if (entry.probe != 0)
      services->http->cancel(entry.probe);
    if (entry.exchange)
      answer(*entry.exchange, failure{errc::unavailable, "the node stops"});
  }
}

// -- from the API -------------------------------------------------------------

void mcp_logins_state::begin(const mcp_login_begun& wish) {
  forget_old();
  if (!queue_)
    queue_ = std::make_shared<actor_queue<mcp_logins_actor>>(self);
  login entry;
  entry.server = wish.server;
  entry.exchange = wish.exchange;
  entry.began = services->world->now();
  if (logins_.size() >= logins_max)
    return answer(*wish.exchange,
                  about(entry, {errc::overloaded, "too many logins are under "
                                                  "way; try again later"}));
  const auto options = access->options_for(*wish.server);
  if (!options)
    return answer(*wish.exchange, about(entry, options.error()));
  auto auth = access->authorization_for(*wish.server);
  if (!auth)
    return answer(*wish.exchange, about(entry, auth.error()));
  entry.auth = std::move(*auth);
  const auto id = services->world->make_token();
  start_probe(id, logins_.emplace(id, std::move(entry)).first->second,
              *options);
}

void mcp_logins_state::redirect(const mcp_login_redirected& news) {
  forget_old();
  const auto found = logins_.find(news.login);
  if (found == logins_.end() || found->second.server->id != news.server->id)
    return answer(*news.exchange,
                  failure{errc::run_not_found,
                          "there is no such login at MCP server '"
                            + news.server->id + "' (any more); begin again"});
  auto& entry = found->second;
  if (entry.exchange)
    return answer(*news.exchange,
                  about(entry, {errc::conflict,
                                "this login waits for the server already"}));
  entry.exchange = news.exchange;
  entry.flow->redirected(news.url);
}

void mcp_logins_state::leave(const mcp_logout& wish) {
  auto forgotten = access->forget_grant(*wish.server);
  if (!forgotten)
    return answer(*wish.exchange, forgotten.error());
  answer(*wish.exchange, 200, json{{"forgotten", *forgotten}});
}

// -- the way of a login -------------------------------------------------------

void mcp_logins_state::start_probe(const std::string& id, login& entry,
                                   const mcp_http_options& options) {
  auto request
    = mcp_http_request(options, "POST", options.url,
                       {{"Content-Type", "application/json"},
                        {"Accept", "application/json, text/event-stream"}},
                       probe_text());
  request.timeout = probe_timeout;
  entry.probe = services->http->start(
    std::move(request), queued_receiver(queue_, [this, id](auto& arrived) {
      on_probe(id, arrived);
    }));
}

void mcp_logins_state::on_probe(const std::string& id,
                                const http_arrival& arrived) {
  const auto found = logins_.find(id);
  if (found == logins_.end() || found->second.probe == 0)
    return;
  auto& entry = found->second;
  if (const auto* head = std::get_if<http_head>(&arrived)) {
    services->http->cancel(std::exchange(entry.probe, 0));
    // A server that does not refuse may want a login all the same, later.
    return start_flow(id, entry,
                      oauth::read_challenge(head->header("www-authenticate")));
  }
  if (const auto* reason = std::get_if<http_failure>(&arrived)) {
    entry.probe = 0;
    end(id, {errc::mcp_unavailable, reason->message});
  }
}

void mcp_logins_state::start_flow(const std::string& id, login& entry,
                                  oauth::challenge wanted) {
  auto known = entry.auth.credentials->load(entry.auth.key);
  if (!known.wanted_scope.empty())
    wanted.scope = oauth::union_of_scopes(wanted.scope, known.wanted_scope);
  auto options = entry.auth.flow;
  options.clients = std::move(known.clients);
  entry.flow = std::make_shared<token_flow>(
    token_flow_context{services->http, queue_, entry.auth.now},
    oauth::flow{std::move(options), entry.auth.services},
    [this, id](oauth::step& next) { on_step(id, next); });
  entry.flow->begin(wanted);
}

void mcp_logins_state::on_step(const std::string& id, oauth::step& next) {
  const auto found = logins_.find(id);
  if (found == logins_.end())
    return;
  if (const auto* page = std::get_if<oauth::visit>(&next))
    return perform(id, found->second, *page);
  if (const auto* reason = std::get_if<oauth::denied>(&next))
    return end(id, reason->reason);
  if (const auto* given = std::get_if<oauth::granted>(&next)) {
    perform(found->second, *given);
    logins_.erase(found);
  }
}

void mcp_logins_state::perform(const std::string& id, login& entry,
                               const oauth::visit& step) {
  const auto exchange = std::exchange(entry.exchange, nullptr);
  answer(*exchange, 200,
         json{{"login", id},
              {"url", step.url},
              {"redirect_uri", entry.auth.flow.redirect_uri},
              {"expires_at", runtime::to_iso(entry.began + login_time)}});
}

void mcp_logins_state::perform(login& entry, const oauth::granted& step) const {
  const auto exchange = std::exchange(entry.exchange, nullptr);
  const auto kept
    = entry.auth.credentials->save(entry.auth.key, {step.grant, step.clients});
  if (!kept)
    return answer(*exchange, about(entry, kept.error()));
  services->log(log_level::info, "MCP server '" + entry.server->id
                                   + "': a person has logged in");
  const auto& expires = step.grant.expires;
  answer(
    *exchange, 200,
    json{{"logged_in", true},
         {"scope", step.grant.scope},
         {"expires_at", expires ? json(runtime::to_iso(*expires)) : json()}});
}

void mcp_logins_state::end(const std::string& id, const failure& reason) {
  const auto entry = logins_.extract(id);
  if (!entry.empty() && entry.mapped().exchange)
    answer(*entry.mapped().exchange, about(entry.mapped(), reason));
}

void mcp_logins_state::forget_old() {
  const auto oldest = services->world->now() - login_time;
  // One that waits for a server ends by itself.
  std::erase_if(logins_, [oldest](const auto& x) {
    return !x.second.exchange && x.second.began < oldest;
  });
}

failure
mcp_logins_state::about(const login& entry, const failure& reason) const {
  return {reason.code,
          "MCP server '" + entry.server->id + "': " + reason.message};
}

mcp_logins_actor::behavior_type
mcp_logins(mcp_logins_actor::stateful_pointer<mcp_logins_state> self,
           services_ptr node, mcp_http_access access) {
  self->state.services = std::move(node);
  self->state.access.emplace(std::move(access));
  return {
    [self](const mcp_login_begun& x) { self->state.begin(x); },
    [self](const mcp_login_redirected& x) { self->state.redirect(x); },
    [self](const mcp_logout& x) { self->state.leave(x); },
    [](mcp_work& x) { x.run(); },
  };
}

runtime::result<std::string> redirect_in(const std::string& body) {
  const auto value = runtime::parse_json(body);
  if (value && value->is_object() && value->size() == 1) {
    const auto found = value->find("redirected_to");
    if (found != value->end() && found->is_string())
      return found->get<std::string>();
  }
  return failure{errc::invalid_argument,
                 "the body must be {\"redirected_to\": URL}, where a browser "
                 "ended up after the login"};
}

} // namespace perdure::actors

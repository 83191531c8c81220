#include "actors/api/api.hpp"

#include "actors/api/answers.hpp"
#include "actors/api/approvals.hpp"
#include "actors/api/openapi.hpp"
#include "runtime/agent/definition_json.hpp"

#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr std::string_view runs_path = "/v1/runs";
constexpr std::string_view agents_path = "/v1/agents";
constexpr std::string_view mcp_path = "/v1/mcp";
constexpr std::string_view approvals_path = "/v1/approvals";

/// The rest of `path` below `prefix`; nothing when it is not below it.
std::optional<std::string>
below(const std::string& path, std::string_view prefix) {
  if (!path.starts_with(prefix))
    return std::nullopt;
  auto rest = path.substr(prefix.size());
  if (rest.empty() || rest == "/")
    return std::string{};
  if (rest.front() != '/')
    return std::nullopt;
  return rest.substr(1);
}

bool same_secret(std::string_view left, std::string_view right) {
  // Takes as long for a near miss as for a far one.
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size() && !right.empty(); ++i)
    difference |= static_cast<unsigned char>(left[i])
                  ^ static_cast<unsigned char>(right[i % right.size()]);
  return difference == 0;
}

json agent_json(const deployed_agent& agent) {
  auto tools = json::array();
  for (const auto& tool : agent.definition->tools)
    tools.push_back({{"name", tool.name}, {"description", tool.description}});
  return {{"name", agent.definition->name},
          {"description", agent.definition->description},
          {"model", agent.definition->model},
          {"tools", std::move(tools)},
          {"definition", agent.hash}};
}

} // namespace

api_state::api_state(api_actor::pointer self_ptr) : self(self_ptr) {
  // nop
}

void api_state::handle(exchange_ptr exchange) {
  const auto& request = exchange->request();
  if (health(*exchange))
    return;
  if (!authorized(request))
    return answer(
      *exchange, failure{errc::unauthorized,
                         "a token is needed: Authorization: Bearer TOKEN, "
                         "where TOKEN is in DATA_DIR/admin.token of the node"});
  if (const auto rest = below(request.path, runs_path)) {
    if (rest->empty())
      runs(exchange);
    else
      one_run(exchange, *rest);
  } else if (const auto id = below(request.path, approvals_path)) {
    approvals(exchange, *id);
  } else if (const auto name = below(request.path, agents_path)) {
    agents(*exchange, *name);
  } else if (const auto server = below(request.path, mcp_path)) {
    mcp(exchange, *server);
  } else if (request.path == "/metrics") {
    show_metrics(*exchange);
  } else if (request.path == "/openapi.json") {
    if (request.method != "GET")
      return not_allowed(*exchange, "GET");
    exchange->respond(200, "application/json", openapi_document());
  } else {
    answer(*exchange, failure{errc::run_not_found,
                              "there is nothing at " + request.path
                                + "; /openapi.json lists what there is"});
  }
}

bool api_state::authorized(const server_request& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = request.header("authorization");
  return header.starts_with(scheme)
         && same_secret(header.substr(scheme.size()), options.token);
}

bool api_state::health(server_exchange& exchange) const {
  const auto& path = exchange.request().path;
  if (path == "/healthz") {
    answer(exchange, 200, json{{"status", "ok"}});
    return true;
  }
  if (path != "/readyz")
    return false;
  const auto& node = *options.services->health;
  const auto* status = node.draining       ? "draining"
                       : node.journal_full ? "disk full"
                                           : "ready";
  answer(exchange, node.draining || node.journal_full ? 503 : 200,
         json{{"status", status},
              {"active_runs", node.active_runs.load()},
              {"queued_runs", node.queued_runs.load()}});
  return true;
}

void api_state::show_metrics(server_exchange& exchange) const {
  if (exchange.request().method != "GET")
    return not_allowed(exchange, "GET");
  const auto& node = *options.services;
  auto runs = node.journal->count_by_status();
  if (!runs)
    return answer(exchange, runs.error());
  exchange.respond(200, "text/plain; version=0.0.4; charset=utf-8",
                   prometheus_text(*node.metrics, *node.health, *runs));
}

// -- approvals ----------------------------------------------------------------

void api_state::approvals(const exchange_ptr& exchange, const std::string& id) {
  const auto& request = exchange->request();
  if (!id.empty())
    return request.method == "POST" ? decide(exchange, id)
                                    : not_allowed(*exchange, "POST");
  if (request.method != "GET")
    return not_allowed(*exchange, "GET");
  auto body = list_approvals(*options.services, request);
  if (!body)
    return answer(*exchange, body.error());
  answer(*exchange, 200, *body);
}

void api_state::run_approvals(const exchange_ptr& exchange,
                              const std::string& run_id) {
  const auto& method = exchange->request().method;
  if (method == "POST")
    return decide(exchange, {});
  if (method != "GET")
    return not_allowed(*exchange, "GET, POST");
  auto body = approvals_of_run(*options.services, run_id);
  if (!body)
    return answer(*exchange, body.error());
  answer(*exchange, 200, *body);
}

void api_state::decide(const exchange_ptr& exchange, const std::string& id) {
  auto request = parse_decision(id, exchange->request().body);
  if (!request)
    return answer(*exchange, request.error());
  self->spawn(decision_session,
              decision_session_options{options.services, options.gateway,
                                       exchange, std::move(*request)});
}

// -- agents -------------------------------------------------------------------

void api_state::agents(server_exchange& exchange,
                       const std::string& rest) const {
  if (exchange.request().method != "GET")
    return not_allowed(exchange, "GET");
  if (rest.empty()) {
    auto rows = json::array();
    for (const auto& agent : options.services->agents->all())
      rows.push_back(agent_json(agent));
    return answer(exchange, 200, json{{"agents", std::move(rows)}});
  }
  auto agent = options.services->agents->find(rest);
  if (!agent)
    return answer(exchange, agent.error());
  auto body = agent_json(*agent);
  body["spec"] = runtime::to_json(*agent->definition);
  answer(exchange, 200, body);
}

// -- MCP servers --------------------------------------------------------------

void api_state::mcp(const exchange_ptr& exchange, const std::string& rest) {
  const auto& node = *options.services;
  const auto& request = exchange->request();
  const auto slash = rest.find('/');
  const auto id = rest.substr(0, slash);
  const auto what
    = slash == std::string::npos ? std::string{} : rest.substr(slash + 1);
  if (const auto login = below(what, "login"))
    return mcp_login(exchange, id, *login);
  const auto calls = slash != std::string::npos;
  if (request.method != (calls ? "POST" : "GET"))
    return not_allowed(*exchange, calls ? "POST" : "GET");
  if (id.empty())
    return answer(*exchange, 200, list_servers(node, options.mcp));
  if (!calls) {
    auto body = show_server(node, options.mcp, id);
    return body ? answer(*exchange, 200, *body)
                : answer(*exchange, body.error());
  }
  auto call = parse_server_call(node, id, what, request.body);
  if (!call)
    return answer(*exchange, call.error());
  self->spawn(server_session, server_session_options{options.mcp.hub, exchange,
                                                     std::move(*call)});
}

void api_state::mcp_login(const exchange_ptr& exchange, const std::string& id,
                          const std::string& login) {
  const auto& request = exchange->request();
  const auto begins = login.empty();
  if (request.method != "POST" && !(begins && request.method == "DELETE"))
    return not_allowed(*exchange, begins ? "POST, DELETE" : "POST");
  auto server = find_server(*options.services, id);
  if (!server)
    return answer(*exchange, server.error());
  if ((*server)->auth.kind != runtime::mcp::auth_kind::login)
    return answer(*exchange,
                  failure{errc::invalid_argument,
                          "nobody needs to log in at MCP server '" + id
                            + "': its entry has no `auth: oauth`"});
  const auto& logins = options.mcp.logins;
  if (request.method == "DELETE")
    return self->send(logins, mcp_logout{std::move(*server), exchange});
  if (begins)
    return self->send(logins, mcp_login_begun{std::move(*server), exchange});
  auto url = redirect_in(request.body);
  if (!url)
    return answer(*exchange, url.error());
  self->send(logins, mcp_login_redirected{std::move(*server), login,
                                          std::move(*url), exchange});
}

api_actor::behavior_type
api(api_actor::stateful_pointer<api_state> self, api_options options) {
  self->state.options = std::move(options);
  return {
    [self](api_call& call) { self->state.handle(std::move(call.exchange)); },
  };
}

} // namespace perdure::actors

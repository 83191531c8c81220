#include "actors/api/api.hpp"

#include "actors/api/answers.hpp"
#include "actors/api/approvals.hpp"
#include "actors/api/create_session.hpp"
#include "actors/api/event_session.hpp"
#include "actors/api/openapi.hpp"
#include "actors/api/run_output.hpp"
#include "actors/api/stored_run.hpp"
#include "runtime/agent/definition_json.hpp"
#include "runtime/flow/handler_views.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <charconv>
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

/// A whole number of a query; `fallback` when absent.
result<std::uint64_t>
number(const server_request& request, std::string_view name,
       std::uint64_t fallback, std::uint64_t most) {
  const auto* text = request.query_value(name);
  if (text == nullptr)
    return fallback;
  std::uint64_t value = 0;
  const auto end = text->data() + text->size();
  const auto [at, code] = std::from_chars(text->data(), end, value);
  if (code != std::errc{} || at != end || value > most)
    return failure{errc::invalid_argument,
                   std::string{name} + " must be a whole number from 0 to "
                     + std::to_string(most)};
  return value;
}

bool same_secret(std::string_view left, std::string_view right) {
  // Takes as long for a near miss as for a far one.
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size() && !right.empty(); ++i)
    difference |= static_cast<unsigned char>(left[i])
                  ^ static_cast<unsigned char>(right[i % right.size()]);
  return difference == 0;
}

json summary_json(const storage::run_summary& run) {
  return {
    {"id", run.run_id},
    {"agent", run.agent},
    {"definition", run.definition_hash},
    {"state", runtime::to_string(run.status)},
    {"reason", run.reason.empty() ? json() : json(run.reason)},
    {"tags", run.tags},
    {"created_at", runtime::to_iso(run.created_at)},
    {"state_since", runtime::to_iso(run.status_since)},
    {"wake_at", run.wake_at ? json(runtime::to_iso(*run.wake_at)) : json()}};
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

json journal_json(const std::vector<runtime::entry>& entries) {
  auto out = json::array();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    json row{{"seq", i + 1}};
    row.update(runtime::to_json(entries[i]));
    out.push_back(std::move(row));
  }
  return {{"entries", std::move(out)}};
}

result<storage::run_query> list_query(const server_request& request) {
  storage::run_query query;
  if (const auto* text = request.query_value("state")) {
    query.status = runtime::status_from_string(*text);
    if (!query.status)
      return failure{errc::invalid_argument,
                     "state '" + *text
                       + "' is not known; valid are: scheduled, pending, "
                         "running, waiting, paused, cancelling, completed, "
                         "failed, cancelled"};
  }
  if (const auto* text = request.query_value("agent"))
    query.agent = *text;
  if (const auto* text = request.query_value("tag"))
    query.tag = *text;
  if (const auto* text = request.query_value("cursor"))
    query.cursor = *text;
  if (const auto* text = request.query_value("since")) {
    query.since = runtime::from_iso(*text);
    if (!query.since)
      return failure{errc::invalid_argument,
                     "since must be a time like 2026-01-02T03:04:05Z"};
  }
  auto limit = number(request, "limit", 50, 1'000);
  if (!limit)
    return limit.error();
  query.limit = *limit;
  return query;
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

// -- runs ---------------------------------------------------------------------

void api_state::runs(const exchange_ptr& exchange) {
  const auto& method = exchange->request().method;
  if (method == "POST")
    create(exchange);
  else if (method == "GET")
    list(*exchange);
  else
    not_allowed(*exchange, "GET, POST");
}

void api_state::create(const exchange_ptr& exchange) {
  constexpr std::uint64_t wait_max_seconds = 3'600;
  const auto& request = exchange->request();
  auto wait = number(request, "wait", 0, wait_max_seconds);
  if (!wait)
    return answer(*exchange, wait.error());
  auto parsed = parse_create(*options.services, request.body,
                             std::string{request.header("idempotency-key")});
  if (!parsed)
    return answer(*exchange, parsed.error());
  self->spawn(create_session,
              create_session_options{options.services, options.gateway,
                                     exchange, std::move(*parsed),
                                     std::chrono::seconds{*wait}});
}

void api_state::list(server_exchange& exchange) const {
  auto query = list_query(exchange.request());
  if (!query)
    return answer(exchange, query.error());
  auto page = options.services->journal->runs(*query);
  if (!page)
    return answer(exchange, page.error());
  auto rows = json::array();
  for (const auto& run : page->runs)
    rows.push_back(summary_json(run));
  answer(exchange, 200,
         json{{"runs", std::move(rows)},
              {"cursor", page->cursor.empty() ? json() : json(page->cursor)}});
}

void api_state::one_run(const exchange_ptr& exchange, const std::string& rest) {
  const auto slash = rest.find('/');
  const auto run_id = rest.substr(0, slash);
  const auto what
    = slash == std::string::npos ? std::string{} : rest.substr(slash + 1);
  if (what == "approvals")
    return run_approvals(exchange, run_id);
  const bool changes = what == "cancel";
  if (exchange->request().method != (changes ? "POST" : "GET"))
    not_allowed(*exchange, changes ? "POST" : "GET");
  else if (changes)
    cancel(*exchange, run_id);
  else if (what == "events")
    events(exchange, run_id);
  else
    read_run(*exchange, run_id, what);
}

void api_state::read_run(server_exchange& exchange, const std::string& run_id,
                         const std::string& what) const {
  const auto& node = *options.services;
  auto run = load_run(node, run_id);
  if (!run)
    return answer(exchange, run.error());
  if (what.empty())
    answer(exchange, 200, run_json(run->state));
  else if (what == "output")
    answer_output(exchange, run->state);
  else if (what == "messages")
    answer(exchange, 200, to_json(run->state.history));
  else if (what == "tasks")
    answer(exchange, 200,
           json{{"tasks", tasks_json(run->definition, node.language.render,
                                     run->entries)},
                {"event_handlers", handlers_json(run->state, run->entries)}});
  else if (what == "journal")
    answer(exchange, 200, journal_json(run->entries));
  else if (what == "why")
    answer(exchange, 200, why_json(run->state, node.world->now()));
  else
    answer(exchange, failure{errc::run_not_found,
                             "a run has no '" + what
                               + "'; it has: events, messages, output, tasks, "
                                 "journal, why, approvals, cancel"});
}

void api_state::events(const exchange_ptr& exchange,
                       const std::string& run_id) {
  const auto& request = exchange->request();
  if (auto good = check_run_id(run_id); !good)
    return answer(*exchange, good.error());
  auto summary = options.services->journal->summary(run_id);
  if (!summary)
    return answer(*exchange, summary.error());
  auto definition = options.services->agents->by_hash(summary->definition_hash);
  if (!definition)
    return answer(*exchange, definition.error());
  std::uint64_t after = 0;
  if (const auto text = request.header("last-event-id"); !text.empty()) {
    const auto [at, code]
      = std::from_chars(text.data(), text.data() + text.size(), after);
    if (code != std::errc{} || at != text.data() + text.size())
      return answer(*exchange,
                    failure{errc::invalid_argument,
                            "Last-Event-ID must be the number of an event"});
  }
  // A number from elsewhere must not make a watcher wait for what never comes.
  after = std::min(
    after, (summary->last_sequence + 1) * runtime::events_per_entry - 1);
  const auto* follow = request.query_value("follow");
  self->spawn(event_session,
              event_session_options{options.services, options.gateway, exchange,
                                    run_id, *definition, after,
                                    follow == nullptr || *follow != "false"});
}

void api_state::cancel(server_exchange& exchange, const std::string& run_id) {
  if (auto good = check_run_id(run_id); !good)
    return answer(exchange, good.error());
  auto summary = options.services->journal->summary(run_id);
  if (!summary)
    return answer(exchange, summary.error());
  if (runtime::is_final(summary->status))
    return answer(
      exchange, failure{errc::conflict,
                        "run " + run_id + " has ended already: it is "
                          + std::string{runtime::to_string(summary->status)}});
  std::string reason = "cancelled by request";
  if (!exchange.request().body.empty()) {
    auto body = runtime::parse_json(exchange.request().body);
    if (!body || !body->is_object())
      return answer(exchange, failure{errc::invalid_argument,
                                      "the body must be an object like "
                                      "{\"reason\": \"...\"}, or empty"});
    for (const auto& [key, value] : body->items()) {
      if (key != "reason" || !value.is_string())
        return answer(exchange, failure{errc::invalid_argument,
                                        "only a string \"reason\" is known"});
      reason = value.get<std::string>();
    }
  }
  self->send(options.gateway, cancel_run{run_id, std::move(reason)});
  answer(exchange, 202, json{{"id", run_id}, {"state", "cancelling"}});
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

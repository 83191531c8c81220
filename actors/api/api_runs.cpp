#include "actors/api/answers.hpp"
#include "actors/api/api.hpp"
#include "actors/api/create_session.hpp"
#include "actors/api/event_session.hpp"
#include "actors/api/run_output.hpp"
#include "actors/api/stored_run.hpp"
#include "runtime/flow/handler_views.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

/// What the API answers of runs.
namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

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

} // namespace perdure::actors

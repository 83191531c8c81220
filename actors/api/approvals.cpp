#include "actors/api/approvals.hpp"

#include "actors/api/answers.hpp"
#include "actors/api/stored_run.hpp"

#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

/// Runs whose questions one page shows; each has to be read.
constexpr std::size_t page_runs = 100;

failure invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

} // namespace

result<json>
list_approvals(const services& node, const server_request& request) {
  storage::run_query query;
  query.asks = true;
  query.limit = page_runs;
  if (const auto* text = request.query_value("agent"))
    query.agent = *text;
  if (const auto* text = request.query_value("cursor"))
    query.cursor = *text;
  auto page = node.journal->runs(query);
  if (!page)
    return page.error();
  auto rows = json::array();
  for (const auto& summary : page->runs) {
    auto run = load_run(node, summary.run_id);
    if (!run)
      return run.error();
    for (auto& question : questions_json(run->state, node.digest))
      rows.push_back(std::move(question));
  }
  return json{{"approvals", std::move(rows)},
              {"cursor", page->cursor.empty() ? json() : json(page->cursor)}};
}

result<json> approvals_of_run(const services& node, const std::string& run_id) {
  auto run = load_run(node, run_id);
  if (!run)
    return run.error();
  return json{{"approvals", questions_json(run->state, node.digest)}};
}

result<answer_question>
parse_decision(const std::string& id, const std::string& body) {
  auto value = runtime::parse_json(body);
  if (!value || !value->is_object())
    return invalid("the body must be an object like {\"decision\": "
                   "\"approve\"}");
  auto wanted = id;
  if (wanted.empty()) {
    const auto found = value->find("id");
    if (found == value->end() || !found->is_string())
      return invalid("id is missing: it names the question, as GET "
                     "/v1/approvals has it");
    wanted = found->get<std::string>();
    value->erase("id");
  }
  auto ref = runtime::question_ref_of(wanted);
  if (!ref || !check_run_id(ref->run_id))
    return failure{errc::run_not_found,
                   "'" + wanted
                     + "' is no question; GET /v1/approvals lists those that "
                       "are open"};
  return answer_question{std::move(*ref), std::move(*value), {}};
}

caf::behavior decision_session(caf::event_based_actor* self,
                               decision_session_options options) {
  auto request = std::move(options.request);
  request.listener = caf::actor_cast<question_listener>(self);
  const auto id = to_string(request.question);
  self->send(options.gateway, std::move(request));
  return {
    [self, id, exchange = options.exchange](const question_settled& settled) {
      if (settled.reason.code == errc::none)
        answer(*exchange, 200, json{{"id", id}, {"settled", true}});
      else
        answer(*exchange, settled.reason);
      self->quit();
    },
  };
}

} // namespace perdure::actors

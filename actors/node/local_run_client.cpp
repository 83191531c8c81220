#include "actors/node/local_run_client.hpp"

#include "actors/api/stored_run.hpp"
#include "actors/node/answer_call.hpp"
#include "actors/node/create_call.hpp"
#include "actors/node/wait_call.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/time.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

local_run_client::local_run_client(services_ptr shared,
                                   caf::actor_system& system,
                                   gateway_actor gateway)
  : services_(std::move(shared)), system_(system),
    gateway_(std::move(gateway)) {
  // nop
}

void local_run_client::create(const json& body, const std::string& key,
                              callback<created_run> done) {
  auto request = parse_create(*services_, body, key);
  if (!request)
    return done(request.error());
  system_.spawn(create_call, create_call_options{gateway_, std::move(*request),
                                                 std::move(done)});
}

void local_run_client::wait(wait_request request, callback<run_view> done) {
  if (auto good = check_run_id(request.run_id); !good)
    return done(good.error());
  auto summary = services_->journal->summary(request.run_id);
  if (!summary)
    return done(summary.error());
  auto definition = services_->agents->by_hash(summary->definition_hash);
  if (!definition)
    return done(definition.error());
  system_.spawn(wait_call,
                wait_call_options{services_, gateway_, std::move(*definition),
                                  std::move(request), std::move(done)});
}

void local_run_client::answer(const std::string& question_id, json body,
                              callback<runtime::unit> done) {
  auto question = runtime::question_ref_of(question_id);
  if (!question)
    return done(failure{errc::invalid_argument,
                        "'" + question_id + "' is not the id of a question"});
  system_.spawn(answer_call,
                answer_call_options{gateway_, std::move(*question),
                                    std::move(body), std::move(done)});
}

void local_run_client::cancel(const std::string& run_id, std::string reason) {
  caf::anon_send(gateway_, cancel_run{run_id, std::move(reason)});
}

result<run_view> local_run_client::view(const std::string& run_id) const {
  return view_run(*services_, run_id);
}

result<std::string> local_run_client::find(const std::string& key) const {
  auto found = services_->journal->find_key(key);
  if (!found)
    return found.error();
  if (!*found)
    return failure{errc::run_not_found, "there is no run '" + key + "'"};
  return (*found)->first;
}

result<json> local_run_client::questions() const {
  std::vector<json> all;
  storage::run_query query;
  query.asks = true;
  query.limit = 1'000;
  do {
    auto page = services_->journal->runs(query);
    if (!page)
      return page.error();
    for (const auto& summary : page->runs) {
      auto run = load_run(*services_, summary.run_id);
      if (!run)
        return run.error();
      for (auto& question : questions_json(run->state, services_->digest))
        all.push_back(std::move(question));
    }
    query.cursor = std::move(page->cursor);
  } while (!query.cursor.empty());
  const auto asked_at = [](const json& question) {
    return runtime::from_iso(
      question["asked_at"].get_ref<const std::string&>());
  };
  std::stable_sort(all.begin(), all.end(), [&](const json& x, const json& y) {
    return asked_at(x) < asked_at(y);
  });
  return json(std::move(all));
}

} // namespace perdure::actors

#define CAF_SUITE flow.notes

#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

const json note{{"job", {{"id", "resp_1"}}}};
const json pause{{"so_far", {{"kind", "response"}}}, {"pauses", 1}};

entry noted(std::uint32_t attempt = 1) {
  return task_noted{at(1), model_task(1), attempt, note};
}

agent_definition with_retries(std::uint32_t retries) {
  auto definition = plain_definition();
  definition.model_policy.retries = retries;
  return definition;
}

attempt_report lost(json left = note, bool retryable = true) {
  return {model_task(1), 1, at(1),
          attempt_failure{errc::model_network_error, "lost", retryable, {}, 0},
          std::move(left)};
}

std::vector<entry> closed(const run_state& state, attempt_report report) {
  return close_attempt(state, std::move(report), at(2), 0.5);
}

run_state after(run_state state, const std::vector<entry>& entries) {
  for (const auto& next : entries)
    state.apply(next);
  return state;
}

} // namespace

CAF_TEST(a note is there until its task has an outcome) {
  auto state = run_with(with_retries(0), {created(), noted()});
  CAF_CHECK_EQUAL(state.progress(model_task(1)).note, note);
  CAF_CHECK(after(state, {answered(1, response({text_part{"Hello.", {}}}))})
              .model.note.is_null());
  CAF_CHECK(
    after(state, {task_completed{at(2), model_task(1), 1, at(1),
                                 task_error{errc::model_timeout, "late"}}})
      .model.note.is_null());
}

CAF_TEST(a new owner goes on with the note) {
  const auto state
    = run_with(with_retries(0), {created(), noted(), run_taken_over{at(2)}});
  CAF_CHECK_EQUAL(state.model.note, note);
  CAF_CHECK(recover(state, at(2)).empty());
}

CAF_TEST(a failed attempt voids the note unless it hands it over) {
  const auto state = run_with(with_retries(1), {created(), noted()});
  auto next = closed(state, lost(nullptr));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  CAF_CHECK(std::holds_alternative<attempt_failed>(next[0]));
  CAF_CHECK(after(state, next).model.note.is_null());

  next = closed(state, lost());
  CAF_REQUIRE_EQUAL(next.size(), 2u);
  CAF_CHECK(std::holds_alternative<attempt_failed>(next[0]));
  CAF_CHECK(std::holds_alternative<task_noted>(next[1]));
  CAF_CHECK_EQUAL(after(state, next).model.note, note);
  CAF_CHECK(conclude(after(state, next), at(2)).empty());
}

CAF_TEST(a task that gives up hands nothing over) {
  for (const auto& [retries, retryable] :
       {std::pair{0u, true}, std::pair{1u, false}}) {
    const auto state = run_with(with_retries(retries), {created(), noted()});
    const auto next = closed(state, lost(note, retryable));
    CAF_REQUIRE_EQUAL(next.size(), 1u);
    CAF_CHECK(std::holds_alternative<task_completed>(next[0]));
    CAF_CHECK(after(state, next).model.note.is_null());
  }
}

CAF_TEST(another model gets no note) {
  auto definition = with_retries(0);
  definition.fallback_models = {"openai:gpt-4o-mini"};
  const auto state = run_with(definition, {created(), noted()});
  const auto next = closed(state, lost());
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  CAF_CHECK_EQUAL(std::get<attempt_failed>(next[0]).fallback, 1u);
  CAF_CHECK(after(state, next).model.note.is_null());
}

CAF_TEST(a request in doubt that is noted is asked for) {
  for (const auto policy : {on_interrupt::fail, on_interrupt::ask}) {
    auto definition = with_retries(0);
    definition.model_policy.on_interrupt = policy;
    const entry begun = task_started{at(1), model_task(1), 1};
    auto state = run_with(definition, {created(), begun, noted()});
    CAF_CHECK(recover(state, at(2)).empty());
    state.apply(run_taken_over{at(2)});
    const auto commands = decide(state, at(2));
    CAF_REQUIRE_EQUAL(commands.size(), 1u);
    const auto* start = start_of(commands[0]);
    CAF_REQUIRE(start != nullptr);
    CAF_CHECK(!start->intent_first);
    CAF_CHECK_EQUAL(state.progress(start->task).note, note);
    // Without a note nobody knows.
    CAF_CHECK(
      !recover(run_with(definition, {created(), begun}), at(2)).empty());
  }
}

CAF_TEST(a history that ends in a suspended response goes on with it) {
  auto first = created(nullptr);
  model_request asked;
  asked.parts.push_back(user_prompt_part{"Hi.", at(0)});
  auto left = response({text_part{"Let me", {}}});
  left.state = message_state::suspended;
  first.input.history = {std::make_shared<const message>(asked),
                         std::make_shared<const message>(left)};
  const auto state = run_with(with_retries(0), {first});
  CAF_CHECK(state.phase == run_phase::requesting);
  CAF_REQUIRE_EQUAL(state.history.size(), 1u);
  CAF_CHECK_EQUAL(state.supplied, 0u);
  const auto& again = std::get<model_request>(*state.history.back());
  CAF_REQUIRE_EQUAL(again.parts.size(), 1u);
  CAF_CHECK_EQUAL(std::get<user_prompt_part>(again.parts[0]).content, "Hi.");
  CAF_CHECK_EQUAL(state.model.note.at("so_far").at("parts").at(0).at("content"),
                  "Let me");
  CAF_CHECK_EQUAL(state.model.note.at("pauses"), 0);
  CAF_CHECK_EQUAL(decide(state, at(1)).size(), 1u);
  // Any other response has been acted on.
  left.state = message_state::complete;
  first.input.history[1] = std::make_shared<const message>(left);
  CAF_CHECK(run_with(with_retries(0), {first}).phase == run_phase::answered);
}

#define CAF_SUITE flow.reuse

#include "runtime/flow/events.hpp"
#include "runtime/flow/reuse.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

agent_definition with_tool() {
  auto out = plain_definition();
  out.tools = {plain_tool("look")};
  out.tools[0].policy.cache.mode = cache_mode::inputs;
  return out;
}

const task_completed& done(const entry& value) {
  return std::get<task_completed>(value);
}

entry told(tool_result_kind kind) {
  return returned(1, 0, call("c1", "look"), "fine", kind);
}

run_state calling() {
  return run_with(with_tool(),
                  {created(), answered(1, response({call("mine", "look")}))});
}

} // namespace

CAF_TEST(only good outcomes of executed tasks are kept) {
  CAF_CHECK(is_reusable(done(told(tool_result_kind::returned))));
  for (const auto kind : {tool_result_kind::retry, tool_result_kind::failed,
                          tool_result_kind::unknown, tool_result_kind::denied,
                          tool_result_kind::output, tool_result_kind::skipped})
    CAF_CHECK(!is_reusable(done(told(kind))));
  auto said = response({text_part{"Done.", {}}});
  CAF_CHECK(is_reusable(done(answered(1, said))));
  said.state = message_state::interrupted;
  CAF_CHECK(!is_reusable(done(answered(1, said))));
  said.state = message_state::complete;
  said.finish_reason = finish_reason::length;
  CAF_CHECK(!is_reusable(done(answered(1, said))));
  auto failed = done(told(tool_result_kind::returned));
  failed.outcome = task_error{errc::internal, "broken"};
  CAF_CHECK(!is_reusable(failed));
  auto refused = done(told(tool_result_kind::returned));
  refused.attempts = 0;
  CAF_CHECK(!is_reusable(refused));
  auto taken = done(told(tool_result_kind::returned));
  taken.cached_from = "another";
  CAF_CHECK(!is_reusable(taken));
}

CAF_TEST(a call that is no task is not reused and not tried again) {
  auto definition = with_tool();
  definition.tools[0].is_task = false;
  definition.tools[0].policy.retries = 3;
  definition.tools[0].policy.timeout = 5s;
  definition.tools[0].policy.on_interrupt = on_interrupt::ask;
  const std::vector<entry> entries{
    created(), answered(1, response({call("mine", "look")}))};
  const auto state = run_with(definition, entries);
  CAF_CHECK(!is_cached(state, tool_task(1, 0)));
  const auto policy = state.policy(tool_task(1, 0));
  CAF_CHECK_EQUAL(policy.retries, 0u);
  CAF_CHECK(policy.on_interrupt == on_interrupt::retry);
  CAF_CHECK(policy.timeout == 5s);
  CAF_CHECK(is_cached(calling(), tool_task(1, 0)));
}

CAF_TEST(an outcome is fresh until the earlier of its ends) {
  cache_policy policy;
  CAF_CHECK(is_fresh(policy, at(0), {}, at(1'000'000)));
  CAF_CHECK(is_fresh(policy, at(0), at(10), at(9)));
  CAF_CHECK(!is_fresh(policy, at(0), at(10), at(10)));
  policy.expiration = 5s;
  CAF_CHECK(is_fresh(policy, at(0), at(10), at(4)));
  CAF_CHECK(!is_fresh(policy, at(0), at(10), at(5)));
  CAF_CHECK(!is_fresh(policy, at(0), {}, at(5)));
}

CAF_TEST(a result is taken over under the id of its own call) {
  auto state = calling();
  const auto taken = reused(state, tool_task(1, 0),
                            told(tool_result_kind::returned), "other", at(9));
  CAF_REQUIRE(taken.has_value());
  CAF_CHECK_EQUAL(taken->cached_from, "other/1/0");
  CAF_CHECK_EQUAL(taken->attempts, 0u);
  CAF_CHECK(taken->time == at(9));
  CAF_CHECK_EQUAL(std::get<tool_result>(taken->outcome).tool_call_id, "mine");
  event_stream events{share(with_tool()), 0};
  const auto seen = events.on_entry(3, *taken);
  CAF_REQUIRE_EQUAL(seen.size(), 1u);
  CAF_CHECK_EQUAL(seen[0].event.value("cached", false), true);
  state.apply(*taken);
  CAF_CHECK(state.phase == run_phase::requesting);
  CAF_CHECK_EQUAL(state.used.tool_calls, 1);
}

CAF_TEST(what is no outcome of such a task is not taken over) {
  const auto state = calling();
  CAF_CHECK(!reused(state, tool_task(1, 0), created(), "other", at(9)));
  CAF_CHECK(!reused(state, tool_task(1, 0),
                    answered(1, response({text_part{"Done.", {}}})), "other",
                    at(9)));
  CAF_CHECK(!reused(state, tool_task(1, 0), told(tool_result_kind::failed),
                    "other", at(9)));
}

CAF_TEST(a response that was taken over is a request that costs nothing) {
  auto state = run_with(with_tool(), {created()});
  const auto taken
    = reused(state, model_task(1),
             answered(1, response({text_part{"Done.", {}}})), "other", at(9));
  CAF_REQUIRE(taken.has_value());
  CAF_CHECK_EQUAL(taken->cached_from, "other/1/model");
  // The entry says what it once cost.
  CAF_CHECK_EQUAL(std::get<model_response>(taken->outcome).usage.input_tokens,
                  20);
  event_stream events{share(with_tool()), 0};
  const auto seen = events.on_entry(2, *taken);
  CAF_REQUIRE(!seen.empty());
  CAF_CHECK_EQUAL(seen[0].event.value("cached", false), true);
  const auto rows = tasks_json(share(with_tool()), {}, {created(), *taken});
  CAF_CHECK_EQUAL(rows[0].at("cached_from"), "other/1/model");
  CAF_CHECK_EQUAL(rows[0].at("usage").at("input_tokens"), 0);
  state.apply(*taken);
  CAF_CHECK_EQUAL(state.used.requests, 1);
  CAF_CHECK_EQUAL(state.used.input_tokens, 0);
  CAF_CHECK_EQUAL(state.last_response().usage.input_tokens, 0);
}

CAF_TEST(only tasks whose policy says so are looked up) {
  auto state = calling();
  CAF_CHECK(is_cached(state, tool_task(1, 0)));
  CAF_CHECK(!is_cached(state, model_task(1)));
  CAF_CHECK(!is_cached(state, {1, task_kind::output, 0}));
  state.calls[0].progress.is_approved = true;
  CAF_CHECK(!is_cached(state, tool_task(1, 0)));
}

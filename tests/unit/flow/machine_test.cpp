#define CAF_SUITE flow.machine

#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

agent_definition two_tools() {
  auto out = plain_definition();
  out.tools = {plain_tool("list"), plain_tool("alone")};
  out.tools[1].sequential = true;
  return out;
}

entry failed_attempt(task_ref task, std::uint32_t attempt, timestamp retry_at) {
  return attempt_failed{
    at(2), task, attempt, {errc::tool_error, "busy", true, {}, 0}, retry_at};
}

} // namespace

// -- conclude -----------------------------------------------------------------

CAF_TEST(a new run needs an effect) {
  const auto state = run_with(plain_definition(), {created()});
  CAF_CHECK(conclude(state, at(0)).empty());
  const auto plan = decide(state, at(0));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_REQUIRE(start_of(plan[0]) != nullptr);
  CAF_CHECK(start_of(plan[0])->task == model_task(1));
  CAF_CHECK_EQUAL(start_of(plan[0])->attempt, 1u);
  CAF_CHECK(!start_of(plan[0])->intent_first);
}

CAF_TEST(nothing follows from no entries and after the end) {
  const run_state none{share(plain_definition()), {}};
  CAF_CHECK(conclude(none, at(0)).empty());
  CAF_CHECK(decide(none, at(0)).empty());
  const auto over = run_with(plain_definition(), {created(), ended()});
  CAF_CHECK(conclude(over, at(9)).empty());
  CAF_CHECK(decide(over, at(9)).empty());
  CAF_CHECK(recover(over, at(9)).empty());
}

CAF_TEST(text ends the run) {
  const auto state
    = run_with(plain_definition(),
               {created(), answered(1, response({text_part{"Hello ", {}},
                                                 text_part{"there.", {}}}))});
  const auto next = conclude(state, at(2));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->end == run_end::completed);
  CAF_CHECK_EQUAL(end_of(next)->output.dump(), "\"Hello there.\"");
}

CAF_TEST(an empty response is rejected within its budget) {
  auto definition = plain_definition();
  definition.output_retries = 1;
  std::vector<entry> entries{created(), answered(1, response({}))};
  auto next = conclude(run_with(definition, entries), at(2));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  CAF_CHECK(std::holds_alternative<output_rejected>(next[0]));
  entries.push_back(next[0]);
  entries.push_back(answered(2, response({})));
  next = conclude(run_with(definition, entries), at(3));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::output_retries_exceeded);
}

CAF_TEST(an empty response names why it is empty) {
  const auto end = [](finish_reason reason) {
    auto empty = response({});
    empty.finish_reason = reason;
    const auto next = conclude(
      run_with(plain_definition(), {created(), answered(1, empty)}), at(2));
    return end_of(next) != nullptr ? end_of(next)->error_code : errc::none;
  };
  CAF_CHECK(end(finish_reason::length) == errc::token_limit_reached);
  CAF_CHECK(end(finish_reason::content_filter) == errc::content_filtered);
}

CAF_TEST(a call that was cut off fails the run) {
  auto cut = response({call("c1", "list", R"({"n": )")});
  cut.finish_reason = finish_reason::length;
  const auto next
    = conclude(run_with(two_tools(), {created(), answered(1, cut)}), at(2));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::incomplete_tool_call);
}

CAF_TEST(refused calls are told with the response that made them) {
  const auto state = run_with(
    two_tools(),
    {created(),
     answered(1, response({call("c1", "unknown"), call("c2", "list")}))});
  const auto next = conclude(state, at(2));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  const auto* refused = std::get_if<task_completed>(&next[0]);
  CAF_REQUIRE(refused != nullptr);
  CAF_CHECK_EQUAL(refused->attempts, 0u);
  CAF_CHECK(refused->task == tool_task(1, 0));
  // Once something is known of the calls they are not looked at again.
  auto later = state;
  later.apply(next[0]);
  CAF_CHECK(conclude(later, at(3)).empty());
}

CAF_TEST(limits end the run with a typed error) {
  auto limited = created();
  limited.input.limits.request_limit = 1;
  const auto made = call("c1", "list");
  auto next
    = conclude(run_with(two_tools(), {limited, answered(1, response({made})),
                                      returned(1, 0, made)}),
               at(3));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::usage_limit_exceeded);
  limited.input.limits.request_limit = 50;
  limited.input.limits.output_tokens_limit = 4;
  next = conclude(
    run_with(two_tools(), {limited, answered(1, response({made}))}), at(3));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::usage_limit_exceeded);
}

CAF_TEST(the time limit counts from the scheduled start) {
  auto late = created();
  late.input.limits.time_limit = 60s;
  late.scheduled_at = at(100);
  const auto state = run_with(plain_definition(), {late});
  CAF_CHECK(conclude(state, at(159)).empty());
  const auto next = conclude(state, at(160));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::run_time_limit_exceeded);
}

CAF_TEST(a cancelled run ends before anything else is looked at) {
  const auto state = run_with(
    plain_definition(), {created(), answered(1, response({text_part{"x", {}}})),
                         cancel_requested{at(2), "enough"}});
  const auto next = conclude(state, at(3));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->end == run_end::cancelled);
  CAF_CHECK_EQUAL(end_of(next)->error_message, "enough");
}

// -- decide -------------------------------------------------------------------

CAF_TEST(parallel calls are under way together and a barrier is alone) {
  const auto list = call("c1", "list");
  const auto alone = call("c3", "alone");
  const auto calls
    = response({list, call("c2", "list"), alone, call("c4", "list")});
  std::vector<entry> entries{created(), answered(1, calls)};
  auto plan = decide(run_with(two_tools(), entries), at(2));
  CAF_REQUIRE_EQUAL(plan.size(), 2u);
  CAF_CHECK_EQUAL(start_of(plan[1])->task.index, 1u);
  entries.push_back(returned(1, 1, list));
  plan = decide(run_with(two_tools(), entries), at(2));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_CHECK_EQUAL(start_of(plan[0])->task.index, 0u);
  entries.push_back(returned(1, 0, list));
  plan = decide(run_with(two_tools(), entries), at(2));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_CHECK_EQUAL(start_of(plan[0])->task.index, 2u);
  entries.push_back(returned(1, 2, alone));
  plan = decide(run_with(two_tools(), entries), at(2));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_CHECK_EQUAL(start_of(plan[0])->task.index, 3u);
}

CAF_TEST(a failed attempt is repeated when its moment has come) {
  const std::vector<entry> entries{created(),
                                   failed_attempt(model_task(1), 1, at(10))};
  const auto state = run_with(plain_definition(), entries);
  auto plan = decide(state, at(9));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_REQUIRE(std::holds_alternative<wait_until>(plan[0]));
  CAF_CHECK(std::get<wait_until>(plan[0]).moment == at(10));
  plan = decide(state, at(10));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_REQUIRE(start_of(plan[0]) != nullptr);
  CAF_CHECK_EQUAL(start_of(plan[0])->attempt, 2u);
}

CAF_TEST(a scheduled run waits for its moment) {
  auto late = created();
  late.scheduled_at = at(100);
  const auto state = run_with(plain_definition(), {late});
  const auto plan = decide(state, at(1));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_CHECK(std::holds_alternative<wait_until>(plan[0]));
  CAF_CHECK(state.status() == run_status::scheduled);
  CAF_CHECK(start_of(decide(state, at(100)).front()) != nullptr);
}

CAF_TEST(a run behind a barrier that backs off waits and will be woken) {
  const auto state = run_with(
    two_tools(),
    {created(),
     answered(1, response({call("c1", "alone"), call("c2", "list")})),
     failed_attempt(tool_task(1, 0), 1, at(500))});
  const auto plan = decide(state, at(3));
  CAF_REQUIRE_EQUAL(plan.size(), 1u);
  CAF_CHECK(std::holds_alternative<wait_until>(plan[0]));
  CAF_CHECK(state.status() == run_status::waiting);
  CAF_REQUIRE(wake_time(state).has_value());
  CAF_CHECK(*wake_time(state) == at(500));
}

CAF_TEST(a run with a call under way does not wait) {
  const auto state = run_with(
    two_tools(),
    {created(), answered(1, response({call("c1", "list"), call("c2", "list")})),
     failed_attempt(tool_task(1, 0), 1, at(500))});
  CAF_CHECK_EQUAL(decide(state, at(3)).size(), 2u);
  CAF_CHECK(state.status() == run_status::running);
}

// -- recover ------------------------------------------------------------------

CAF_TEST(tasks in doubt meet their policy after an interruption) {
  auto definition = two_tools();
  definition.tools[0].policy.on_interrupt = on_interrupt::fail;
  std::vector<entry> entries{
    created(), answered(1, response({call("c1", "list"), call("c2", "list")}))};
  const auto plan = decide(run_with(definition, entries), at(2));
  CAF_REQUIRE_EQUAL(plan.size(), 2u);
  CAF_CHECK(start_of(plan[0])->intent_first);
  CAF_CHECK(recover(run_with(definition, entries), at(2)).empty());
  entries.push_back(task_started{at(2), tool_task(1, 0), 1});
  CAF_CHECK(!start_of(decide(run_with(definition, entries), at(2)).front())
               ->intent_first);
  const auto fate = recover(run_with(definition, entries), at(3));
  CAF_REQUIRE_EQUAL(fate.size(), 1u);
  const auto& done = std::get<task_completed>(fate[0]);
  CAF_CHECK(std::get<tool_result>(done.outcome).kind
            == tool_result_kind::unknown);
  // An attempt that is known to have failed is not in doubt.
  entries.push_back(failed_attempt(tool_task(1, 0), 1, at(10)));
  CAF_CHECK(recover(run_with(definition, entries), at(3)).empty());
  CAF_CHECK(start_of(decide(run_with(definition, entries), at(10)).front())
              ->intent_first);
}

CAF_TEST(every task in doubt is settled by its own policy) {
  auto definition = two_tools();
  definition.tools[0].policy.on_interrupt = on_interrupt::fail;
  definition.tools.push_back(plain_tool("ask"));
  definition.tools[2].policy.on_interrupt = on_interrupt::ask;
  const std::vector<entry> entries{
    created(),
    answered(1, response({call("c1", "list"), call("c2", "ask"),
                          call("c3", "list"), call("c4", "ask")})),
    task_started{at(2), tool_task(1, 0), 1},
    task_started{at(2), tool_task(1, 1), 1},
    task_started{at(2), tool_task(1, 2), 1},
    task_started{at(2), tool_task(1, 3), 1}};
  const auto fate = recover(run_with(definition, entries), at(3));
  CAF_REQUIRE_EQUAL(fate.size(), 4u);
  CAF_CHECK(std::holds_alternative<task_completed>(fate[0]));
  CAF_CHECK(std::holds_alternative<task_completed>(fate[2]));
  for (const auto i : {1u, 3u}) {
    const auto* asked = std::get_if<question_asked>(&fate[i]);
    CAF_REQUIRE(asked != nullptr);
    CAF_CHECK(asked->kind == question_kind::in_doubt);
    CAF_CHECK_EQUAL(asked->task.index, i);
    CAF_CHECK_EQUAL(asked->tool_name, "ask");
  }
}

CAF_TEST(a model request in doubt fails the run when it must not be repeated) {
  auto definition = plain_definition();
  definition.model_policy.on_interrupt = on_interrupt::fail;
  const auto state
    = run_with(definition, {created(), task_started{at(1), model_task(1), 1}});
  const auto fate = recover(state, at(2));
  CAF_REQUIRE_EQUAL(fate.size(), 1u);
  auto after = state;
  after.apply(fate[0]);
  const auto next = conclude(after, at(2));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::outcome_unknown);
}

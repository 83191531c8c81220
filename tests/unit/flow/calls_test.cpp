#define CAF_SUITE flow.calls

#include "runtime/flow/screening.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

run_state calling(const agent_definition& definition) {
  return run_with(definition,
                  {created(), answered(1, response({call("c1", "add")}))});
}

entry settled(const agent_definition& definition, std::uint32_t attempt,
              attempt_failure reason) {
  return settle(calling(definition),
                {tool_task(1, 0), attempt, at(1), std::move(reason)}, at(2),
                0.5);
}

} // namespace

// -- screening ----------------------------------------------------------------

CAF_TEST(good arguments may run in every form) {
  for (const auto& args :
       {json(R"({"n": 1})"), json{{"n", 1}}, json(R"( {"n": 1.5} )")})
    CAF_CHECK(!refuse(with_add(), call("c1", "add", args)));
  auto open = plain_definition();
  open.tools = {plain_tool("add")};
  for (const auto& args : {json(), json(""), json("{}"), json::object()})
    CAF_CHECK(!refuse(open, call("c1", "add", args)));
}

CAF_TEST(bad arguments are told in the form models know) {
  const auto told = refuse(with_add(), call("c1", "add", R"({"n": "one"})"));
  CAF_REQUIRE(told.has_value());
  CAF_CHECK(told->kind == tool_result_kind::retry);
  CAF_REQUIRE_EQUAL(told->content.size(), 1u);
  CAF_CHECK_EQUAL(told->content[0].at("loc").dump(), R"(["n"])");
  CAF_CHECK_EQUAL(told->content[0].at("input").dump(), R"("one")");
  CAF_CHECK(refuse(with_add(), call("c1", "add", "{}")).has_value());
  for (const auto* text : {"{\"n\": ", "[1]", "1", "null", "\"x\"", "nonsense"})
    CAF_CHECK(refuse(with_add(), call("c1", "add", text)).has_value());
}

CAF_TEST(arguments that are no object are refused in every form) {
  for (const auto& args : {json::array({1}), json(1), json(true)})
    CAF_CHECK(refuse(with_add(), call("c1", "add", args)).has_value());
  auto open = plain_definition();
  open.tools = {plain_tool("add")};
  for (const auto& args : {json::array({1}), json(1), json(true)})
    CAF_CHECK(refuse(open, call("c1", "add", args)).has_value());
}

CAF_TEST(an unknown tool is told which ones there are) {
  const auto told = refuse(with_add(), call("c1", "subtract"));
  CAF_REQUIRE(told.has_value());
  CAF_CHECK(to_text(told->content).find("'add'") != std::string::npos);
  CAF_CHECK_EQUAL(told->tool_call_id, "c1");
  CAF_CHECK(refuse(plain_definition(), call("c1", "add")).has_value());
}

CAF_TEST(only broken text counts as cut off) {
  CAF_CHECK(is_cut_off(call("c1", "add", R"({"n": )")));
  CAF_CHECK(!is_cut_off(call("c1", "add", R"({"n": 1})")));
  CAF_CHECK(!is_cut_off(call("c1", "add", "")));
  CAF_CHECK(!is_cut_off(call("c1", "add", json::object())));
}

CAF_TEST(output is the text after the last call of the provider) {
  CAF_CHECK(!output_text(response({})));
  CAF_CHECK(!output_text(response({text_part{"", {}}})));
  auto search = call("b1", "web_search");
  search.builtin = true;
  const auto text
    = output_text(response({text_part{"thinking", {}}, search,
                            text_part{"It ", {}}, text_part{"is.", {}}}));
  CAF_CHECK_EQUAL(text.value_or(""), "It is.");
  // A provider may tell of its searches when it has said all.
  CAF_CHECK_EQUAL(
    output_text(response({text_part{"It rains.", {}}, search, search}))
      .value_or(""),
    "It rains.");
  CAF_CHECK(!output_text(
    response({text_part{"thinking", {}}, search, call("c1", "add", "{}")})));
  CAF_CHECK_EQUAL(
    output_text(response({compaction_part{"summary", {}}})).value_or(""),
    "summary");
}

// -- settle -------------------------------------------------------------------

CAF_TEST(a result is the outcome of its task) {
  const auto made = call("c1", "add");
  const auto next
    = settle(calling(with_add()),
             {tool_task(1, 0), 2, at(1),
              tool_result{"add", "c1", tool_result_kind::returned, 7, {}}},
             at(2), 0.5);
  const auto* done = std::get_if<task_completed>(&next);
  CAF_REQUIRE(done != nullptr);
  CAF_CHECK_EQUAL(done->attempts, 2u);
  CAF_CHECK(done->started_at == at(1));
  CAF_CHECK(done->time == at(2));
}

CAF_TEST(attempts are repeated until the policy has no more) {
  auto definition = with_add();
  definition.tools[0].policy.retries = 2;
  definition.tools[0].policy.retry_delays = {1s, 5s};
  const attempt_failure busy{errc::tool_error, "busy", true, {}, 0};
  const auto first = settled(definition, 1, busy);
  const auto* again = std::get_if<attempt_failed>(&first);
  CAF_REQUIRE(again != nullptr);
  CAF_CHECK(again->retry_at == at(3));
  const auto second = settled(definition, 2, busy);
  CAF_REQUIRE(std::holds_alternative<attempt_failed>(second));
  CAF_CHECK(std::get<attempt_failed>(second).retry_at == at(7));
  const auto third = settled(definition, 3, busy);
  const auto* done = std::get_if<task_completed>(&third);
  CAF_REQUIRE(done != nullptr);
  CAF_CHECK_EQUAL(done->attempts, 3u);
  CAF_CHECK(std::get<tool_result>(done->outcome).kind
            == tool_result_kind::failed);
}

CAF_TEST(a wish to wait is heard up to the bound) {
  auto definition = plain_definition();
  definition.model_policy.delay_max = 60s;
  const auto state = run_with(definition, {created()});
  const auto retry = [&](std::chrono::milliseconds wish) {
    const auto next = settle(
      state,
      {model_task(1), 1, at(1),
       attempt_failure{errc::model_http_error, "busy", true, wish, 429}},
      at(2), 0.0);
    return std::get<attempt_failed>(next).retry_at;
  };
  CAF_CHECK(retry(20s) == at(22));
  CAF_CHECK(retry(3600s) == at(62));
}

CAF_TEST(what no attempt can mend fails the run at once) {
  auto definition = with_add();
  definition.tools[0].policy.retries = 5;
  const auto next
    = settled(definition, 1, {errc::tool_error, "no program", false, {}, 0});
  const auto* done = std::get_if<task_completed>(&next);
  CAF_REQUIRE(done != nullptr);
  const auto* error = std::get_if<task_error>(&done->outcome);
  CAF_REQUIRE(error != nullptr);
  CAF_CHECK(error->code == errc::tool_error);
}

CAF_TEST(the last timeout asks the model to try again) {
  const auto next
    = settled(with_add(), 1, {errc::tool_timeout, "Timed out.", true, {}, 0});
  const auto& done = std::get<task_completed>(next);
  CAF_CHECK(std::get<tool_result>(done.outcome).kind
            == tool_result_kind::retry);
}

CAF_TEST(the last failure of a model request fails the run with its code) {
  auto definition = plain_definition();
  definition.model_policy.retries = 0;
  auto state = run_with(definition, {created()});
  state.apply(
    settle(state,
           {model_task(1), 1, at(1),
            attempt_failure{errc::model_timeout, "silence", true, {}, 0}},
           at(2), 0.5));
  const auto next = conclude(state, at(2));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::model_timeout);
}

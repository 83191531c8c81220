#define CAF_SUITE flow.rows_tools

#include "unit/flow/rows_support.hpp"

// What comes of calls, and what a run may use; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

namespace {

/// A run that is over once it has used more than `limits`; each response uses
/// 20 input and 5 output tokens.
conversation limited(usage_limits limits) {
  return conversation{with_tools({"list"}), limits};
}

/// A call and its result, unless the run ends before.
conversation& one_round(conversation& run) {
  run.says({call("c1", "list")});
  return run.goes_on() ? run.ends(0, kind::returned) : run;
}

} // namespace

// -- 3.7, outcomes ------------------------------------------------------------

CAF_TEST(row 3.7 a value is returned and resets the count of its tool) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list")}).ends(0, kind::retry);
  CAF_CHECK_EQUAL(run.state().retries_of("list"), 1u);
  run.says({call("c2", "list")}).ends(0, kind::returned, json{{"a", 1}});
  CAF_CHECK_EQUAL(run.state().retries_of("list"), 0u);
  const auto& part = run.told<tool_return_part>(0);
  CAF_CHECK_EQUAL(part.tool_name, "list");
  CAF_CHECK_EQUAL(part.tool_call_id, "c2");
  CAF_CHECK_EQUAL(part.content.dump(), R"({"a":1})");
  CAF_CHECK(part.outcome == tool_outcome::success);
}

CAF_TEST(row 3.7 a wish to be tried again is told with the name of the tool) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list")}).ends(0, kind::retry, "Which one?");
  const auto& part = run.told<retry_prompt_part>(0);
  CAF_CHECK(part.tool_name == "list");
  CAF_CHECK_EQUAL(part.tool_call_id, "c1");
  CAF_CHECK_EQUAL(part.content, "Which one?");
  run.says({call("c2", "list")}).ends(0, kind::retry);
  CAF_CHECK(run.failure() == errc::tool_retries_exceeded);
  CAF_CHECK(run.message().find("exceeded max retries count of 1")
            != std::string::npos);
}

CAF_TEST(row 3.7 arguments that are not valid are told as a list of errors) {
  conversation run{with_add()};
  run.says({call("c1", "add", R"({"n":"one"})")});
  const auto& part = run.told<retry_prompt_part>(0);
  CAF_REQUIRE(part.content.is_array());
  CAF_CHECK_EQUAL(part.content[0]["loc"].dump(), R"(["n"])");
  CAF_CHECK_EQUAL(part.content[0]["input"], "one");
  CAF_CHECK(part.tool_name == "add");
  CAF_CHECK_EQUAL(run.state().retries_of("add"), 1u);
  run.says({call("c2", "add", "{}")});
  CAF_CHECK(run.failure() == errc::tool_retries_exceeded);
}

CAF_TEST(row 3.7 arguments that are no JSON are one error) {
  conversation run{with_add()};
  run.says({call("c1", "add", R"({"n": )")});
  const auto& part = run.told<retry_prompt_part>(0);
  CAF_REQUIRE_EQUAL(part.content.size(), 1u);
  CAF_CHECK_EQUAL(part.content[0]["type"], "json_invalid");
  CAF_CHECK_EQUAL(part.content[0]["input"], R"({"n": )");
  CAF_CHECK_EQUAL(run.state().retries_of("add"), 1u);
}

CAF_TEST(row 3.7 arguments that were cut by the length are fatal) {
  conversation run{with_add()};
  run.says({call("c1", "add", R"({"n": )")}, finish_reason::length);
  CAF_CHECK(run.failure() == errc::incomplete_tool_call);
  // Whole arguments are fine however the response ended.
  conversation whole{with_add()};
  whole.says({call("c1", "add", R"({"n": 1})")}, finish_reason::length);
  CAF_CHECK_EQUAL(whole.under_way().size(), 1u);
}

CAF_TEST(row 3.7 an unknown tool is told which ones there are) {
  conversation run{with_tools({"a", "b"})};
  run.says({call("c1", "x")});
  CAF_CHECK_EQUAL(run.told<retry_prompt_part>(0).content,
                  "Unknown tool name: 'x'. Available tools: 'a', 'b'");
  conversation none{plain_definition()};
  none.says({call("c1", "x")});
  CAF_CHECK_EQUAL(none.told<retry_prompt_part>(0).content,
                  "Unknown tool name: 'x'. No tools available.");
}

CAF_TEST(row 3.7 an unknown tool has the default budget under its own name) {
  auto definition = with_tools({"a"});
  definition.tool_retries = 2;
  definition.tools[0].max_retries = 0;
  conversation run{definition};
  run.says({call("c1", "x")}).says({call("c2", "x")});
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().retries_of("x"), 2u);
  run.says({call("c3", "x")});
  CAF_CHECK(run.failure() == errc::tool_retries_exceeded);
}

CAF_TEST(row 3.7 a failure is told and costs no budget) {
  auto definition = with_tools({"list"});
  definition.tool_retries = 0;
  conversation run{definition};
  run.says({call("c1", "list")}).ends(0, kind::failed, "no such file");
  CAF_CHECK(run.goes_on());
  const auto& part = run.told<tool_return_part>(0);
  CAF_CHECK(part.outcome == tool_outcome::failed);
  CAF_CHECK_EQUAL(part.content, "no such file");
  CAF_CHECK_EQUAL(run.state().retries_of("list"), 0u);
}

CAF_TEST(row 3.7 a timeout asks for another try) {
  const auto state
    = run_with(with_tools({"list"}),
               {created(), answered(1, response({call("c1", "list")}))});
  const auto next = settle(
    state,
    {tool_task(1, 0), 1, at(1),
     attempt_failure{
       errc::tool_timeout, "Timed out after 20 seconds.", true, {}, 0}},
    at(2), 0.5);
  auto after = state;
  after.apply(next);
  const auto& parts = std::get<model_request>(*after.history.back()).parts;
  const auto* part = std::get_if<retry_prompt_part>(&parts.front());
  CAF_REQUIRE(part != nullptr);
  CAF_CHECK_EQUAL(part->content, "Timed out after 20 seconds.");
  CAF_CHECK_EQUAL(after.retries_of("list"), 1u);
}

CAF_TEST(row 3.7 any other error ends the run) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list")}).breaks(0);
  CAF_CHECK(run.failure() == errc::tool_error);
}

CAF_TEST(row 3.7 what tools say besides stands behind all results) {
  conversation run{with_tools({"look"})};
  run.says({call("c1", "look"), call("c2", "look"), call("c3", "look")});
  run.gives(2, {"look", "c3", kind::returned, 3, {}, "See also C."})
    .gives(0, {"look", "c1", kind::returned, 1, {}, json::array({"A", "B"})})
    .ends(1, kind::returned);
  CAF_REQUIRE_EQUAL(run.told().size(), 5u);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, 1);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(2).content, 3);
  CAF_CHECK_EQUAL(to_text(run.told<user_prompt_part>(3).content),
                  R"(["A","B"])");
  CAF_CHECK_EQUAL(run.told<user_prompt_part>(4).content, "See also C.");
}

CAF_TEST(row 3.7 metadata of a result is kept) {
  conversation run{with_tools({"look"})};
  run.says({call("c1", "look")});
  run.gives(0, {"look", "c1", kind::returned, "seen", json{{"secret", 1}}, {}});
  CAF_CHECK_EQUAL(to_text(run.told<tool_return_part>(0).metadata),
                  R"({"secret":1})");
}

CAF_TEST(row 3.7 a tool may ask for approval itself) {
  auto definition = with_tools({"wipe"});
  definition.tool_retries = 0;
  conversation run{definition};
  run.says({call("c1", "wipe")}).wants(0, question_kind::approval, {{"n", 3}});
  CAF_REQUIRE_EQUAL(run.asked().size(), 1u);
  CAF_CHECK(run.under_way().empty());
  run.decides(0, {{"decision", "approve"}, {"metadata", {{"by", "ann"}}}});
  CAF_CHECK((run.under_way() == std::vector<std::uint32_t>{0}));
  CAF_CHECK(run.state().calls[0].progress.is_approved);
  run.ends(0, kind::returned);
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().retries_of("wipe"), 0u);
}

CAF_TEST(row 3.7 a tool may leave its result to somebody outside) {
  conversation run{with_tools({"measure"})};
  run.says({call("c1", "measure")})
    .wants(0, question_kind::external, {{"ticket", 7}});
  CAF_REQUIRE_EQUAL(run.asked().size(), 1u);
  run.decides(0, {{"decision", "answer"}, {"result", 3}});
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, 3);
  CAF_CHECK_EQUAL(run.state().used.tool_calls, 1);
}

// -- 3.7, budgets -------------------------------------------------------------

CAF_TEST(row 3.7 budgets are counted per tool) {
  conversation run{with_tools({"a", "b"})};
  run.says({call("c1", "a")}).ends(0, kind::retry);
  run.says({call("c2", "b")}).ends(0, kind::retry);
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().retries_of("b"), 1u);
}

CAF_TEST(row 3.7 the default budget makes two attempts) {
  CAF_CHECK_EQUAL(agent_definition{}.tool_retries, 1u);
  CAF_CHECK_EQUAL(agent_definition{}.output_retries, 1u);
}

CAF_TEST(row 3.7 several retries of a tool in one response count once) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list"), call("c2", "list"), call("c3", "list")});
  run.ends(0, kind::retry).ends(1, kind::retry).ends(2, kind::retry);
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().retries_of("list"), 1u);
}

CAF_TEST(row 3.7 a tool may have a budget of its own) {
  auto definition = with_tools({"list"});
  definition.tools[0].max_retries = 3;
  conversation run{definition};
  for (int i = 0; i < 3; ++i)
    run.says({call("c", "list")}).ends(0, kind::retry);
  CAF_CHECK(run.goes_on());
  run.says({call("c", "list")}).ends(0, kind::retry);
  CAF_CHECK(run.failure() == errc::tool_retries_exceeded);
}

// -- 3.11 ---------------------------------------------------------------------

CAF_TEST(row 3.11 a run makes fifty requests unless it may make more) {
  conversation run{with_tools({"list"})};
  for (int i = 0; i < 49; ++i)
    one_round(run);
  CAF_CHECK(run.goes_on());
  one_round(run);
  CAF_CHECK(run.failure() == errc::usage_limit_exceeded);
  CAF_CHECK_EQUAL(run.state().used.requests, 50);
  CAF_CHECK(run.message().find("request_limit of 50") != std::string::npos);
}

CAF_TEST(row 3.11 the limit of requests does not touch the last answer) {
  usage_limits limits;
  limits.request_limit = 2;
  auto run = limited(limits);
  one_round(run).says({text("Done.")});
  CAF_CHECK_EQUAL(run.output(), "Done.");
  // Nothing may be asked at all.
  limits.request_limit = 0;
  CAF_CHECK(limited(limits).failure() == errc::usage_limit_exceeded);
}

CAF_TEST(row 3.11 tokens are checked after each response) {
  const auto check
    = [](std::optional<std::int64_t> usage_limits::*limit, std::int64_t used) {
        usage_limits limits;
        limits.*limit = used;
        auto run = limited(limits);
        one_round(run).says({text("Done.")});
        CAF_CHECK_EQUAL(run.output(), "Done.");
        limits.*limit = used - 1;
        auto over = limited(limits);
        one_round(over);
        if (over.goes_on())
          over.says({text("Done.")});
        CAF_CHECK(over.failure() == errc::usage_limit_exceeded);
      };
  check(&usage_limits::input_tokens_limit, 40);
  check(&usage_limits::output_tokens_limit, 10);
  check(&usage_limits::total_tokens_limit, 50);
  check(&usage_limits::per_request_input_tokens_limit, 20);
}

CAF_TEST(row 3.11 what is used up stops a response from being acted on) {
  usage_limits limits;
  limits.input_tokens_limit = 19;
  auto run = limited(limits);
  run.says({call("c1", "list")});
  CAF_CHECK(run.failure() == errc::usage_limit_exceeded);
  CAF_CHECK(run.under_way().empty());
}

CAF_TEST(row 3.11 a limit of null is no limit) {
  usage_limits limits;
  limits.request_limit.reset();
  auto run = limited(limits);
  for (int i = 0; i < 60; ++i)
    one_round(run);
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().used.requests, 60);
}

CAF_TEST(row 3.11 limits are never something to try again) {
  usage_limits limits;
  limits.tool_calls_limit = 0;
  auto run = limited(limits);
  run.says({call("c1", "list")});
  CAF_CHECK(run.failure() == errc::usage_limit_exceeded);
  CAF_CHECK_EQUAL(run.state().retries_of("list"), 0u);
  CAF_CHECK_EQUAL(run.state().output_retries, 0u);
}

CAF_TEST(row 3.11 nothing is limited but the number of requests) {
  const usage_limits limits;
  CAF_CHECK(limits.request_limit == 50);
  CAF_CHECK(!limits.tool_calls_limit);
  CAF_CHECK(!limits.input_tokens_limit);
  CAF_CHECK(!limits.output_tokens_limit);
  CAF_CHECK(!limits.total_tokens_limit);
  CAF_CHECK(!limits.per_request_input_tokens_limit);
  CAF_CHECK(!limits.time_limit);
}

#define CAF_SUITE flow.rows_response

#include "unit/flow/rows_support.hpp"

// What a response means, case by case; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

/// What the model is told when a response held nothing.
std::string asked_again(const conversation& run) {
  if (run.told().size() != 1)
    return {};
  const auto* part = std::get_if<retry_prompt_part>(&run.told().front());
  return part == nullptr ? std::string{} : part->content.get<std::string>();
}

} // namespace

// -- 3.5 ----------------------------------------------------------------------

CAF_TEST(row 3.5 an empty response is asked for again) {
  const std::vector<std::vector<response_part>> empty{
    {},
    {text("")},
    {text(""), text("")},
    {thought("Hm.")},
    {thought("Hm."), text("")}};
  for (const auto& parts : empty) {
    conversation run{plain_definition()};
    run.says(parts);
    CAF_CHECK(run.goes_on());
    CAF_CHECK_EQUAL(asked_again(run), "Please return text.");
    CAF_CHECK(!run.told<retry_prompt_part>(0).tool_name);
  }
}

CAF_TEST(row 3.5 with tools an empty response may become a call) {
  conversation run{with_tools({"list"})};
  run.says({});
  CAF_CHECK_EQUAL(asked_again(run), "Please return text or call a tool.");
}

CAF_TEST(row 3.5 blanks are text) {
  conversation run{plain_definition()};
  run.says({text(" \n")});
  CAF_CHECK_EQUAL(run.output(), " \n");
}

CAF_TEST(row 3.5 an empty response that was cut is fatal) {
  for (const auto& parts : std::vector<std::vector<response_part>>{
         {}, {text("")}, {thought("Hm.")}}) {
    conversation run{plain_definition()};
    run.says(parts, finish_reason::length);
    CAF_CHECK(run.failure() == errc::token_limit_reached);
    CAF_CHECK(run.message().find("max_tokens") != std::string::npos);
  }
}

CAF_TEST(row 3.5 an empty response that was filtered is fatal and shown) {
  for (const auto& parts :
       std::vector<std::vector<response_part>>{{}, {text("")}}) {
    conversation run{plain_definition()};
    run.says(parts, finish_reason::content_filter);
    CAF_CHECK(run.failure() == errc::content_filtered);
    CAF_CHECK(run.message().find(R"("kind":"response")") != std::string::npos);
  }
}

CAF_TEST(row 3.5 thoughts that were filtered are asked for again) {
  conversation run{plain_definition()};
  run.says({thought("Hm.")}, finish_reason::content_filter);
  CAF_CHECK_EQUAL(asked_again(run), "Please return text.");
}

CAF_TEST(row 3.5 asking again uses one output retry) {
  auto definition = plain_definition();
  definition.output_retries = 2;
  conversation run{definition};
  run.says({}).says({thought("Hm.")});
  CAF_CHECK(run.goes_on());
  CAF_CHECK_EQUAL(run.state().output_retries, 2u);
  run.says({});
  CAF_CHECK(run.failure() == errc::output_retries_exceeded);
  CAF_CHECK(run.message().find("output retries (2)") != std::string::npos);
}

CAF_TEST(row 3.5 output retries are counted over the whole run) {
  conversation run{with_tools({"list"})};
  run.says({}).says({call("c1", "list")});
  run.ends(0, tool_result_kind::returned).says({});
  CAF_CHECK(run.failure() == errc::output_retries_exceeded);
}

CAF_TEST(row 3.5 text before a call of the provider is thinking aloud) {
  conversation run{plain_definition()};
  run.says(
    {text("I look it up."), provider_call(), text("It is "), text("cold.")});
  CAF_CHECK_EQUAL(run.output(), "It is cold.");
}

CAF_TEST(row 3.5 without text a summary is the output) {
  conversation run{plain_definition()};
  run.says({text("I look it up."), provider_call(),
            compaction_part{"A summary.", {}}});
  CAF_CHECK_EQUAL(run.output(), "A summary.");
}

CAF_TEST(row 3.5 calls go before text) {
  conversation run{with_tools({"list"})};
  run.says({text("This is the end."), call("c1", "list")});
  CAF_CHECK(run.goes_on());
  CAF_CHECK(run.state().phase == run_phase::calling);
  run.ends(0, tool_result_kind::returned).says({text("Now it is.")});
  CAF_CHECK_EQUAL(run.output(), "Now it is.");
}

CAF_TEST(row 3.5 nothing is the output null where null is one) {
  for (const auto& parts : std::vector<std::vector<response_part>>{
         {}, {text("")}, {thought("Hm.")}}) {
    auto definition = answering(end_strategy::graceful);
    definition.output.allow_null = true;
    conversation run{definition};
    run.says(parts);
    CAF_REQUIRE(!run.goes_on());
    CAF_CHECK(run.state().ended->end == run_end::completed);
    CAF_CHECK(run.output().is_null());
  }
}

CAF_TEST(row 3.5 what was cut or filtered is not the output null) {
  auto definition = plain_definition();
  definition.output.allow_null = true;
  conversation cut{definition};
  cut.says({}, finish_reason::length);
  CAF_CHECK(cut.failure() == errc::token_limit_reached);
  conversation filtered{definition};
  filtered.says({}, finish_reason::content_filter);
  CAF_CHECK(filtered.failure() == errc::content_filtered);
}

CAF_TEST(row 3.5 what is valid instead of nothing is said in words) {
  const auto told = [](const agent_definition& definition) {
    conversation run{definition};
    run.says({});
    return asked_again(run);
  };
  auto by_tool = answering(end_strategy::graceful);
  CAF_CHECK_EQUAL(told(by_tool),
                  "Please include your response in a tool call.");
  by_tool.output.allow_text = true;
  CAF_CHECK_EQUAL(
    told(by_tool),
    "Please return text or include your response in a tool call.");
  auto native = answering(end_strategy::graceful, {}, output_mode::native);
  CAF_CHECK_EQUAL(told(native), "Please return text.");
  native.tools = {plain_tool("look")};
  CAF_CHECK_EQUAL(told(native), "Please return text or call a tool.");
}

CAF_TEST(row 3.5 early ends with text that was checked beside calls) {
  for (const auto mode : {output_mode::native, output_mode::prompted}) {
    conversation run{answering(end_strategy::early, {"look"}, mode)};
    run.says({text(R"({"n": 1})"), call("c1", "look"), call("c2", "x")});
    CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
    CAF_REQUIRE_EQUAL(run.told().size(), 2u);
    for (std::size_t i = 0; i < 2; ++i)
      CAF_CHECK_EQUAL(
        told_at(run, i),
        "Tool not executed - a final result was already processed.");
    CAF_CHECK_EQUAL(run.state().used.tool_calls, 0);
  }
}

CAF_TEST(row 3.5 any other text beside calls waits for them) {
  const auto goes_on
    = [](end_strategy strategy, output_mode mode, const char* said) {
        conversation run{answering(strategy, {"look"}, mode)};
        run.says({text(said), call("c1", "look")});
        return run.goes_on() && run.under_way().size() == 1;
      };
  const auto* good = R"({"n": 1})";
  CAF_CHECK(goes_on(end_strategy::early, output_mode::native, "One."));
  CAF_CHECK(goes_on(end_strategy::early, output_mode::native, R"({"n": "x"})"));
  CAF_CHECK(goes_on(end_strategy::early, output_mode::tool, good));
  CAF_CHECK(goes_on(end_strategy::graceful, output_mode::native, good));
  CAF_CHECK(goes_on(end_strategy::exhaustive, output_mode::native, good));
  conversation plain{with_tools({"look"})};
  plain.says({text(good), call("c1", "look")});
  CAF_CHECK(plain.goes_on());
}

CAF_TEST(row 3.5 early text that the host program refuses is asked again) {
  auto definition
    = answering(end_strategy::early, {"look"}, output_mode::native);
  definition.output.has_validator = true;
  conversation run{definition};
  run.says({text(R"({"n": 1})"), call("c1", "look")});
  CAF_REQUIRE(run.goes_on());
  run.finds(tool_result_kind::retry, "Too small.");
  CAF_REQUIRE(run.goes_on());
  // One request: what became of the call, and why it goes on.
  CAF_REQUIRE_EQUAL(run.told().size(), 2u);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).tool_call_id, "c1");
  CAF_CHECK_EQUAL(run.told<retry_prompt_part>(1).content, "Too small.");
  CAF_CHECK_EQUAL(run.state().history.size(), 3u);
  run.says({text(R"({"n": 2})")}).finds(tool_result_kind::output, 2);
  CAF_CHECK_EQUAL(run.output(), 2);
}

CAF_TEST(row 3.5 a suspended response is not acted on) {
  for (const auto& parts : std::vector<std::vector<response_part>>{
         {text("Let me"), provider_call()}, {call("c1", "look")}}) {
    model_response said = response(parts);
    said.state = message_state::suspended;
    conversation run{with_tools({"look"})};
    run.answers(std::move(said));
    CAF_CHECK(run.failure() == errc::model_bad_response);
    CAF_CHECK(run.message().find("suspended") != std::string::npos);
  }
}

// -- 3.6 ----------------------------------------------------------------------

CAF_TEST(row 3.6 any text ends a run whose output is text) {
  conversation run{with_tools({"list"})};
  run.says({thought("Hm."), text("Done.")}, finish_reason::length);
  CAF_CHECK(run.state().ended->end == run_end::completed);
  CAF_CHECK_EQUAL(run.output(), "Done.");
}

// -- 3.8 ----------------------------------------------------------------------

CAF_TEST(row 3.8 all arguments are looked at before anything runs) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list"), call("c2", "list", "[1]"),
            call("c3", "no_such_tool")});
  // Two are answered in the order of the calls, one is left to run.
  CAF_CHECK(run.state().calls[1].result.has_value());
  CAF_CHECK(run.state().calls[2].result.has_value());
  CAF_CHECK(run.under_way() == std::vector<std::uint32_t>{0});
}

CAF_TEST(row 3.8 the limit of calls is checked for the whole batch) {
  usage_limits limits;
  limits.tool_calls_limit = 2;
  conversation within{with_tools({"list"}), limits};
  within.says({call("c1", "list"), call("c2", "list")});
  CAF_CHECK_EQUAL(within.under_way().size(), 2u);
  conversation over{with_tools({"list"}), limits};
  over.says({call("c1", "list"), call("c2", "list"), call("c3", "list")});
  CAF_CHECK(over.failure() == errc::usage_limit_exceeded);
  CAF_CHECK_EQUAL(over.state().used.tool_calls, 0);
  // What ran before counts too.
  within.ends(0, tool_result_kind::returned)
    .ends(1, tool_result_kind::returned)
    .says({call("c3", "list")});
  CAF_CHECK(within.failure() == errc::usage_limit_exceeded);
}

CAF_TEST(row 3.8 a sequential tool is a barrier) {
  auto definition = with_tools({"list", "alone"});
  definition.tools[1].sequential = true;
  conversation run{definition};
  run.says({call("c1", "list"), call("c2", "list"), call("c3", "alone"),
            call("c4", "list"), call("c5", "list")});
  using positions = std::vector<std::uint32_t>;
  CAF_CHECK((run.under_way() == positions{0, 1}));
  run.ends(1, tool_result_kind::returned);
  CAF_CHECK((run.under_way() == positions{0}));
  run.ends(0, tool_result_kind::returned);
  CAF_CHECK((run.under_way() == positions{2}));
  run.ends(2, tool_result_kind::returned);
  CAF_CHECK((run.under_way() == positions{3, 4}));
}

CAF_TEST(row 3.8 results are stored in the order of the calls) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list"), call("c2", "list"), call("c3", "list")});
  run.ends(2, tool_result_kind::returned, "third")
    .ends(0, tool_result_kind::returned, "first")
    .ends(1, tool_result_kind::retry, "second");
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, "first");
  CAF_CHECK_EQUAL(run.told<retry_prompt_part>(1).content, "second");
  CAF_CHECK_EQUAL(run.told<tool_return_part>(2).content, "third");
}

CAF_TEST(row 3.8 what finished before a fatal error is stored) {
  conversation run{with_tools({"list"})};
  run.says({call("c1", "list"), call("c2", "list"), call("c3", "list")});
  run.ends(1, tool_result_kind::returned, "second").breaks(0);
  CAF_CHECK(run.failure() == errc::tool_error);
  CAF_REQUIRE_EQUAL(run.told().size(), 1u);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, "second");
  CAF_CHECK(std::get<model_request>(*run.state().history.back()).state
            == message_state::interrupted);
}

CAF_TEST(row 3.8 calls that succeeded are counted and no others) {
  conversation run{with_tools({"list", "other"})};
  run.says({call("c1", "list"), call("c2", "other"), call("c3", "list"),
            call("c4", "no_such_tool")});
  run.ends(0, tool_result_kind::returned)
    .ends(1, tool_result_kind::retry)
    .ends(2, tool_result_kind::failed);
  CAF_CHECK_EQUAL(run.state().used.tool_calls, 1);
}

#define CAF_SUITE flow.round

#include "runtime/flow/barrier.hpp"
#include "unit/flow/rows_support.hpp"

// Rounds with outputs and with calls that need a person; docs/testing.md has
// the list of the rows.

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

namespace {

const std::string good = R"({"n": 1})";
const std::string bad = R"({"n": "one"})";

std::vector<std::uint32_t> positions(std::initializer_list<std::uint32_t> x) {
  return x;
}

constexpr const char* processed = "Final result processed.";
constexpr const char* function_skipped
  = "Tool not executed - a final result was already processed.";
constexpr const char* output_skipped
  = "Output tool not used - a final result was already processed.";

} // namespace

// -- 3.8, end strategies ------------------------------------------------------

CAF_TEST(row 3.8 early ends with the first good output and executes nothing) {
  conversation run{answering(end_strategy::early)};
  run.says({call("c1", "look"), final_call("c2", bad), final_call("c3", good),
            final_call("c4", good)});
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
  CAF_CHECK_EQUAL(told_at(run, 0), function_skipped);
  CAF_CHECK_EQUAL(told_at(run, 1), output_skipped);
  CAF_CHECK_EQUAL(told_at(run, 2), processed);
  CAF_CHECK_EQUAL(told_at(run, 3), output_skipped);
  CAF_CHECK_EQUAL(run.state().used.tool_calls, 0);
}

CAF_TEST(row 3.8 early runs the functions when no output is good) {
  conversation run{answering(end_strategy::early)};
  run.says({call("c1", "look"), final_call("c2", bad)});
  CAF_CHECK(run.under_way() == positions({0}));
  run.ends(0, kind::returned);
  CAF_REQUIRE(run.goes_on());
  CAF_CHECK_EQUAL(told_at(run, 0), "fine");
  CAF_CHECK(told_at(run, 1).starts_with("retry: "));
}

CAF_TEST(row 3.8 graceful runs the functions and keeps the first output) {
  conversation run{answering(end_strategy::graceful)};
  run.says({call("c1", "look"), final_call("c2", good),
            final_call("c3", R"({"n": 2})"), call("c4", "look")});
  // Those before the output first.
  CAF_CHECK(run.under_way() == positions({0, 3}));
  run.ends(0, kind::returned).ends(3, kind::returned);
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
  CAF_CHECK_EQUAL(told_at(run, 0), "fine");
  CAF_CHECK_EQUAL(told_at(run, 1), processed);
  CAF_CHECK_EQUAL(told_at(run, 2), output_skipped);
  CAF_CHECK_EQUAL(told_at(run, 3), "fine");
  CAF_CHECK_EQUAL(run.state().used.tool_calls, 2);
}

CAF_TEST(row 3.8 graceful sets the output aside for a tool that asks again) {
  conversation run{answering(end_strategy::graceful)};
  run.says({final_call("c1", good), call("c2", "look")});
  run.ends(1, kind::retry, "Which?");
  CAF_REQUIRE(run.goes_on());
  CAF_CHECK_EQUAL(told_at(run, 0),
                  "Output not used as the final result - addressing tool "
                  "retries from this round first.");
  CAF_CHECK_EQUAL(told_at(run, 1), "retry: \"Which?\"");
}

CAF_TEST(row 3.8 exhaustive runs everything and the first output wins) {
  conversation run{answering(end_strategy::exhaustive)};
  run.says({call("c1", "look"), final_call("c2", bad), final_call("c3", good),
            final_call("c4", R"({"n": 2})")});
  CAF_CHECK(run.under_way() == positions({0}));
  run.ends(0, kind::retry, "Which?");
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
  CAF_CHECK_EQUAL(told_at(run, 0), "retry: \"Which?\"");
  CAF_CHECK_EQUAL(told_at(run, 1),
                  "Output tool not used - output failed validation.");
  CAF_CHECK_EQUAL(told_at(run, 2), processed);
  CAF_CHECK_EQUAL(told_at(run, 3),
                  "Output tool processed, but its value will not be the final "
                  "result of the agent run.");
}

CAF_TEST(row 3.8 an output that the host program refuses is told so) {
  auto definition = answering(end_strategy::exhaustive);
  definition.output.types[0].has_function = true;
  conversation run{definition};
  run.says({final_call("c1", good), final_call("c2", good)});
  run.ends(0, kind::retry, "Too small.").ends(1, kind::output, 7);
  CAF_CHECK_EQUAL(run.output(), 7);
  CAF_CHECK_EQUAL(told_at(run, 0),
                  "Output tool not used - output function execution failed.");
  CAF_CHECK_EQUAL(told_at(run, 1), processed);
}

CAF_TEST(row 3.8 output retries are counted per output tool) {
  auto definition = answering(end_strategy::graceful);
  definition.output.types.push_back(definition.output.types.front());
  definition.output.types[1].name = "Other";
  conversation run{definition};
  run.says({call("c1", "final_result_Answer", bad)});
  run.says({call("c2", "final_result_Other", bad)});
  CAF_CHECK(run.goes_on());
  run.says({call("c3", "final_result_Other", bad)});
  CAF_CHECK(run.failure() == errc::output_retries_exceeded);
}

CAF_TEST(row 3.8 a bad output is told within its budget) {
  conversation run{answering(end_strategy::graceful)};
  run.says({final_call("c1", bad)});
  CAF_REQUIRE(run.goes_on());
  CAF_CHECK(told_at(run, 0).find("a number is required") != std::string::npos);
  run.says({final_call("c2", bad)});
  CAF_CHECK(run.failure() == errc::output_retries_exceeded);
}

CAF_TEST(row 3.8 output tools are free) {
  conversation run{answering(end_strategy::graceful)};
  run.says({final_call("c1", good)});
  CAF_CHECK_EQUAL(run.state().used.tool_calls, 0);
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
}

CAF_TEST(
  row 3.8 a call that needs a person is not made when there is an output) {
  for (const auto strategy : {end_strategy::early, end_strategy::graceful}) {
    auto definition = answering(strategy);
    definition.tools[0].requires_approval = true;
    conversation run{definition};
    run.says({call("c1", "look"), final_call("c2", good)});
    CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
    CAF_CHECK_EQUAL(told_at(run, 0), function_skipped);
  }
}

// -- 3.8, kinds of calls ------------------------------------------------------

CAF_TEST(row 3.8 calls are output function external unapproved or unknown) {
  auto definition
    = answering(end_strategy::graceful, {"look", "measure", "wipe"});
  definition.tools[1].kind = tool_kind::external;
  definition.tools[2].requires_approval = true;
  const auto said
    = response({final_call("c0", good), call("c1", "look"),
                call("c2", "measure"), call("c3", "wipe"), call("c4", "x")});
  const auto round = open_round(definition, said, true);
  CAF_REQUIRE_EQUAL(round.size(), 5u);
  CAF_CHECK(round[0].output == 0u);
  CAF_CHECK(!needs_person(definition, round[0]));
  CAF_CHECK(!needs_person(definition, round[1]));
  CAF_CHECK(needs_person(definition, round[2]));
  CAF_CHECK(needs_person(definition, round[3]));
  CAF_CHECK(!needs_person(definition, round[4]));
  // Without output tools the name means nothing.
  CAF_CHECK(!open_round(definition, said, false)[0].output);
}

CAF_TEST(row 3.8 a barrier holds among calls of which some wait for a person) {
  auto definition = with_tools({"look", "pack", "wipe"});
  definition.tools[1].sequential = true;
  definition.tools[2].requires_approval = true;
  conversation run{definition};
  run.says({call("c0", "wipe"), call("c1", "look"), call("c2", "pack"),
            call("c3", "look")});
  CAF_CHECK(run.asked() == positions({0}));
  CAF_CHECK(run.under_way() == positions({1}));
  run.ends(1, kind::returned);
  CAF_CHECK(run.under_way() == positions({2}));
  // Approved meanwhile, it goes before a barrier that has not begun.
  run.decides(0, {{"decision", "approve"}});
  CAF_CHECK(run.under_way() == positions({0}));
  run.ends(0, kind::returned).ends(2, kind::returned);
  CAF_CHECK(run.under_way() == positions({3}));
}

CAF_TEST(row 3.8 a sequential tool that was approved is a barrier too) {
  auto definition = with_tools({"look", "wipe"});
  definition.tools[1].sequential = true;
  definition.tools[1].requires_approval = true;
  conversation run{definition};
  run.says({call("c0", "wipe"), call("c1", "look")});
  CAF_CHECK(run.under_way() == positions({1}));
  run.decides(0, {{"decision", "approve"}});
  CAF_CHECK(run.under_way() == positions({0}));
  // The other one was begun before; the barrier waits for its end.
  const auto& calls = run.state().calls;
  CAF_CHECK(!may_begin(definition, calls, 0, {1}));
  CAF_CHECK(may_begin(definition, calls, 0, {}));
  CAF_CHECK(!may_begin(definition, calls, 1, {0}));
  CAF_CHECK(may_begin(definition, calls, 1, {1}));
}

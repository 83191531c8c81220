#define CAF_SUITE flow.rows_events

#include "runtime/flow/events.hpp"
#include "unit/flow/rows_support.hpp"

// Every kind of event, and their order; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

namespace {

const std::string good = R"({"n": 1})";

/// Kinds of events, each followed by the call that it is about, if any.
std::string story(const std::vector<json>& events) {
  std::string out;
  for (const auto& event : events) {
    out += event["event_kind"].get<std::string>();
    const auto part = event.value("part", json());
    const auto is_call_event
      = event["event_kind"].get<std::string>().find("_tool_")
        != std::string::npos;
    if (is_call_event && part.is_object())
      out += '(' + part["tool_call_id"].get<std::string>() + ')';
    out += ' ';
  }
  return out;
}

std::string story(const conversation& run) {
  return story(run.events());
}

/// The only event of this kind.
json only(const conversation& run, const std::string& kind) {
  json found;
  for (auto& event : run.events())
    if (event["event_kind"] == kind) {
      CAF_CHECK(found.is_null());
      found = std::move(event);
    }
  CAF_REQUIRE(!found.is_null());
  return found;
}

} // namespace

// -- order --------------------------------------------------------------------

CAF_TEST(row 4 two function tools and then text) {
  conversation run{with_tools({"look"})};
  run.says({text("Hm."), call("c1", "look"), call("c2", "look")});
  run.ends(1, kind::returned).ends(0, kind::returned).says({text("Done.")});
  CAF_CHECK_EQUAL(story(run), "run_state "
                              "part_start final_result part_end "
                              "part_start part_end part_start part_end "
                              "function_tool_call(c1) function_tool_call(c2) "
                              "function_tool_result(c2) "
                              "function_tool_result(c1) "
                              "part_start final_result part_end "
                              "agent_run_result run_state ");
}

CAF_TEST(row 4 an output tool) {
  conversation run{answering(end_strategy::graceful)};
  run.says({final_call("c1", good)});
  CAF_CHECK_EQUAL(story(run), "run_state part_start final_result part_end "
                              "output_tool_call(c1) output_tool_result(c1) "
                              "agent_run_result run_state ");
  const auto final = only(run, "final_result");
  CAF_CHECK_EQUAL(final["tool_name"], "final_result");
  CAF_CHECK_EQUAL(final["tool_call_id"], "c1");
  const auto called = only(run, "output_tool_call");
  CAF_CHECK_EQUAL(called["args_valid"], true);
  const auto processed = only(run, "output_tool_result");
  CAF_CHECK_EQUAL(processed["part"]["content"], "Final result processed.");
  CAF_CHECK_EQUAL(to_text(only(run, "agent_run_result")["result"]["output"]),
                  R"({"n":1})");
}

CAF_TEST(row 4 a part says what kind of part is before and after it) {
  conversation run{with_tools({"look"})};
  run.says({thought("Hm."), text("So."), call("c1", "look")});
  const auto events = run.events();
  CAF_REQUIRE(events.size() > 7);
  CAF_CHECK(events[1]["previous_part_kind"].is_null());
  CAF_CHECK_EQUAL(events[2]["next_part_kind"], "text");
  CAF_CHECK_EQUAL(events[3]["previous_part_kind"], "thinking");
  CAF_CHECK_EQUAL(events[5]["next_part_kind"], "tool-call");
  CAF_CHECK_EQUAL(events[6]["index"], 2);
  CAF_CHECK(events[7]["next_part_kind"].is_null());
}

CAF_TEST(row 4 the same while the model speaks) {
  event_stream stream{share(with_tools({"look"})), 0};
  std::vector<json> told;
  for (const auto& piece :
       std::vector<response_event>{part_started{0, thinking_part{}},
                                   part_grew{0, thinking_delta{"Hm.", {}}},
                                   part_ended{0, thinking_part{"Hm.", {}, {}}},
                                   part_started{1, call("c1", "look", "")},
                                   part_grew{1, tool_call_delta{{}, "{}", {}}},
                                   part_ended{1, call("c1", "look")}})
    for (auto& event : stream.on_live(1, piece, at(1)))
      told.push_back(std::move(event.event));
  CAF_CHECK_EQUAL(story(told), "part_start part_delta part_end part_start "
                               "part_delta part_end ");
  CAF_REQUIRE_EQUAL(told.size(), 6u);
  CAF_CHECK(told[0]["previous_part_kind"].is_null());
  CAF_CHECK_EQUAL(told[3]["previous_part_kind"], "thinking");
  CAF_CHECK_EQUAL(told[1]["delta"]["part_delta_kind"], "thinking");
  CAF_CHECK_EQUAL(told[4]["delta"]["part_delta_kind"], "tool_call");
  CAF_CHECK_EQUAL(told[4]["delta"]["args_delta"], "{}");
}

CAF_TEST(row 4 only text and thoughts and calls have an end) {
  auto made = provider_call();
  conversation run{plain_definition()};
  run.says({made, compaction_part{"A summary.", {}}, text("So.")});
  CAF_CHECK_EQUAL(story(run), "run_state part_start part_end part_start "
                              "part_start final_result part_end "
                              "agent_run_result run_state ");
}

CAF_TEST(row 4 final result is told once in a response) {
  conversation run{plain_definition()};
  run.says({text("One."), text("Two.")});
  only(run, "final_result");
}

CAF_TEST(row 4 calls are told before anything is executed) {
  conversation run{answering(end_strategy::graceful)};
  run.says({call("c1", "look", "[1]"), call("c2", "x"), call("c3", "look"),
            final_call("c4", "{}")});
  CAF_CHECK_EQUAL(
    story(run),
    "run_state part_start part_end part_start part_end part_start part_end "
    "part_start final_result part_end "
    "function_tool_call(c1) function_tool_call(c2) function_tool_call(c3) "
    "output_tool_call(c4) function_tool_result(c1) function_tool_result(c2) "
    "output_tool_result(c4) ");
  std::string valid;
  for (const auto& event : run.events())
    if (event.contains("args_valid"))
      valid += to_text(event["args_valid"]) + ' ';
  CAF_CHECK_EQUAL(valid, "false false true false ");
}

CAF_TEST(row 4 calls that are not executed have results too) {
  conversation run{answering(end_strategy::early)};
  run.says({call("c1", "look"), final_call("c2", good)});
  CAF_CHECK_EQUAL(story(run),
                  "run_state part_start part_end part_start final_result "
                  "part_end function_tool_call(c1) output_tool_call(c2) "
                  "output_tool_result(c2) function_tool_result(c1) "
                  "agent_run_result run_state ");
}

CAF_TEST(row 4 a result carries what the tool says besides) {
  conversation run{with_tools({"look"})};
  run.says({call("c1", "look")});
  run.gives(0, {"look", "c1", kind::returned, 1, {}, "See also C."});
  const auto event = only(run, "function_tool_result");
  CAF_CHECK_EQUAL(event["part"]["part_kind"], "tool-return");
  CAF_CHECK_EQUAL(event["content"], "See also C.");
}

CAF_TEST(row 4 a wish to be tried again is a result) {
  conversation run{with_tools({"look"})};
  run.says({call("c1", "look")}).ends(0, kind::retry, "Which?");
  const auto event = only(run, "function_tool_result");
  CAF_CHECK_EQUAL(event["part"]["part_kind"], "retry-prompt");
  CAF_CHECK(event["content"].is_null());
}

// -- people -------------------------------------------------------------------

CAF_TEST(row 4 a denied call has a result) {
  conversation run{with_people()};
  run.says({call("c1", "wipe")});
  run.decides(0, {{"decision", "deny"}, {"message", "Not today."}});
  CAF_CHECK_EQUAL(story(run),
                  "run_state part_start part_end function_tool_call(c1) "
                  "question_asked question_answered "
                  "function_tool_result(c1) ");
  const auto event = only(run, "function_tool_result");
  const auto& part = event["part"];
  CAF_CHECK_EQUAL(part["part_kind"], "tool-return");
  CAF_CHECK_EQUAL(part["outcome"], "denied");
  CAF_CHECK_EQUAL(part["content"], "Not today.");
  CAF_CHECK_EQUAL(part["tool_name"], "wipe");
  // It is what the model is told.
  CAF_CHECK_EQUAL(part["content"], run.told<tool_return_part>(0).content);
}

CAF_TEST(row 4 a call that nobody allowed in time has a result) {
  auto definition = with_people();
  definition.tools[1].expires_after = 60s;
  conversation run{definition};
  run.says({call("c1", "wipe")}).waits(at(69));
  CAF_CHECK(story(run).ends_with("question_answered "
                                 "function_tool_result(c1) "));
  const auto event = only(run, "function_tool_result");
  CAF_CHECK_EQUAL(event["part"]["outcome"], "denied");
  definition.tools[1].on_expiry = on_expiry::fail;
  conversation strict{definition};
  strict.says({call("c1", "wipe")}).waits(at(69));
  CAF_CHECK(story(strict).ends_with("question_answered run_state "));
}

CAF_TEST(row 4 an approval is no result and an answer is one) {
  conversation run{with_people()};
  run.says({call("c1", "wipe"), call("c2", "measure")});
  run.decides(0, {{"decision", "approve"}});
  CAF_CHECK(story(run).ends_with("question_answered "));
  run.decides(1, {{"decision", "answer"}, {"result", 42}});
  CAF_CHECK(story(run).ends_with("question_answered "
                                 "function_tool_result(c2) "));
}

CAF_TEST(row 4 deferred calls are told before the result that they are) {
  conversation run{with_people(true)};
  run.says({call("c1", "wipe"), call("c2", "measure")});
  CAF_CHECK_EQUAL(story(run),
                  "run_state part_start final_result part_end part_start "
                  "part_end function_tool_call(c1) function_tool_call(c2) "
                  "deferred_tool_requests agent_run_result run_state ");
  const auto final = only(run, "final_result");
  CAF_CHECK(final["tool_name"].is_null());
  const auto told = only(run, "deferred_tool_requests");
  const auto& requests = told["requests"];
  CAF_CHECK_EQUAL(requests, run.output());
  CAF_CHECK_EQUAL(requests["approvals"][0]["tool_call_id"], "c1");
}

CAF_TEST(row 4 a run that goes on with results tells of them) {
  conversation before{with_people(true)};
  before.says({call("c1", "wipe"), call("c2", "measure"), call("c3", "wipe")});
  conversation run{with_people(true), before.state().history,
                   json{{"calls", {{"c2", 42}}},
                        {"approvals", {{"c1", true}, {"c3", false}}}}};
  CAF_CHECK_EQUAL(story(run),
                  "run_state function_tool_call(c1) function_tool_call(c2) "
                  "function_tool_call(c3) function_tool_result(c2) "
                  "function_tool_result(c3) ");
  const auto events = run.events();
  // Nobody looks at arguments where there is a result.
  CAF_CHECK_EQUAL(events[1]["args_valid"], true);
  CAF_CHECK(events[2]["args_valid"].is_null());
  CAF_CHECK(events[3]["args_valid"].is_null());
  CAF_CHECK_EQUAL(events[4]["part"]["content"], 42);
  CAF_CHECK_EQUAL(events[5]["part"]["outcome"], "denied");
}

CAF_TEST(row 4 calls that a history ends with are told) {
  model_response said = response({call("c1", "look"), call("c2", "x")});
  const conversation run{
    with_tools({"look"}), {std::make_shared<const message>(said)}, nullptr};
  CAF_CHECK_EQUAL(story(run),
                  "run_state function_tool_call(c1) function_tool_call(c2) "
                  "function_tool_result(c2) ");
  said.state = message_state::suspended;
  const conversation paused{
    with_tools({"look"}), {std::make_shared<const message>(said)}, nullptr};
  CAF_CHECK_EQUAL(story(paused), "run_state ");
}

// -- what there is no row for there -------------------------------------------

CAF_TEST(row 4 events of our own) {
  conversation run{plain_definition()};
  run.says({}).says({});
  CAF_CHECK_EQUAL(story(run), "run_state output_rejected run_state ");
  const auto definition = with_tools({"look"});
  const auto told
    = [&](const entry& value) { return story(events_of(definition, value)); };
  CAF_CHECK_EQUAL(told(run_taken_over{at(1)}), "run_taken_over ");
  CAF_CHECK_EQUAL(told(attempt_failed{at(1), model_task(1), 1, busy(), at(2)}),
                  "task_retry ");
  CAF_CHECK_EQUAL(
    told(task_completed{
      at(1), model_task(1), 1, at(0), task_error{errc::internal, "x"}, {}}),
    "task_failed ");
}

#define CAF_SUITE flow.deferred

#include "runtime/flow/deferred.hpp"
#include "unit/flow/rows_support.hpp"

// Calls that wait for somebody outside; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

namespace {

std::vector<response_part> all_calls() {
  return {call("c0", "look"), call("c1", "wipe", R"({"n": 1})"),
          call("c2", "measure", R"({"n": 2})")};
}

/// A run that has ended with what it wants of people.
conversation deferred() {
  conversation run{with_people(true)};
  run.says(all_calls()).ends(0, kind::returned, "seen");
  return run;
}

/// The run that goes on with `results`.
conversation resumed(const json& results) {
  const auto run = deferred();
  return conversation{with_people(true), run.state().history, results};
}

std::string refusal(const message_history& history, const json& results) {
  const auto checked = check_deferred(history, results);
  return checked ? std::string{} : checked.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  CAF_MESSAGE(text);
  return text.find(part) != std::string::npos;
}

const json both{{"calls", {{"c2", 42}}}, {"approvals", {{"c1", true}}}};

} // namespace

CAF_TEST(row 3.9 the other calls run first and the run waits) {
  conversation run{with_people()};
  run.says(all_calls());
  CAF_CHECK((run.asked() == std::vector<std::uint32_t>{1, 2}));
  CAF_CHECK((run.under_way() == std::vector<std::uint32_t>{0}));
  run.ends(0, kind::returned);
  CAF_CHECK(run.under_way().empty());
  CAF_CHECK(run.state().status() == run_status::waiting);
}

CAF_TEST(row 3.9 without the wish to wait the calls are the output) {
  const auto run = deferred();
  CAF_REQUIRE(run.state().ended);
  CAF_CHECK(run.state().ended->end == run_end::completed);
  const auto output = run.output();
  CAF_REQUIRE_EQUAL(output["calls"].size(), 1u);
  CAF_CHECK_EQUAL(output["calls"][0]["tool_call_id"], "c2");
  CAF_CHECK_EQUAL(output["calls"][0]["part_kind"], "tool-call");
  CAF_REQUIRE_EQUAL(output["approvals"].size(), 1u);
  CAF_CHECK_EQUAL(output["approvals"][0]["tool_name"], "wipe");
  CAF_CHECK(output["metadata"].is_object());
  // The history ends with what has a result already.
  CAF_REQUIRE_EQUAL(run.told().size(), 1u);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, "seen");
}

CAF_TEST(row 3.9 a tool may ask itself and say why in the metadata) {
  auto definition = with_tools({"wipe", "look"});
  definition.ends_when_deferred = true;
  conversation run{definition};
  run.says({call("c1", "wipe"), call("c2", "look")});
  run.wants(0, question_kind::approval, {{"files", 3}});
  // The other calls of the batch run first.
  CAF_REQUIRE(run.goes_on());
  run.ends(1, kind::returned);
  CAF_REQUIRE(!run.goes_on());
  CAF_REQUIRE_EQUAL(run.output()["approvals"].size(), 1u);
  CAF_CHECK(run.output()["calls"].empty());
  CAF_CHECK_EQUAL(to_text(run.output()["metadata"]), R"({"c1":{"files":3}})");
}

CAF_TEST(row 3.9 results go on with the results that were there) {
  auto run = resumed(both);
  CAF_REQUIRE(run.goes_on());
  CAF_CHECK((run.under_way() == std::vector<std::uint32_t>{0}));
  run.ends(0, kind::returned, "wiped");
  CAF_REQUIRE_EQUAL(run.told().size(), 3u);
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, "seen");
  CAF_CHECK_EQUAL(run.told<tool_return_part>(1).content, "wiped");
  CAF_CHECK_EQUAL(run.told<tool_return_part>(2).content, 42);
}

CAF_TEST(row 3.9 a denial is told as the outcome denied) {
  auto run = resumed(
    {{"calls", {{"c2", 42}}},
     {"approvals", {{"c1", {{"kind", "tool-denied"}, {"message", "No."}}}}}});
  const auto& part = run.told<tool_return_part>(1);
  CAF_CHECK(part.outcome == tool_outcome::denied);
  CAF_CHECK_EQUAL(part.content, "No.");
  const auto plain
    = resumed({{"calls", {{"c2", 42}}}, {"approvals", {{"c1", false}}}});
  CAF_CHECK_EQUAL(plain.told<tool_return_part>(1).content,
                  "The tool call was denied.");
}

CAF_TEST(row 3.9 nothing but a clear yes is an approval) {
  for (const auto& decision :
       {json("yes"), json(1), json{{"approved", true}}, json()}) {
    const auto run
      = resumed({{"calls", {{"c2", 42}}}, {"approvals", {{"c1", decision}}}});
    CAF_CHECK(run.told<tool_return_part>(1).outcome == tool_outcome::denied);
  }
}

CAF_TEST(row 3.9 replaced arguments are checked before the call) {
  auto definition = with_people(true);
  definition.tools[1].schema = std::make_shared<number_schema>();
  const auto before = deferred();
  const auto with = [&](const json& args) {
    return conversation{
      definition, before.state().history,
      json{{"calls", {{"c2", 42}}},
           {"approvals",
            {{"c1", {{"kind", "tool-approved"}, {"override_args", args}}}}}}};
  };
  const auto good = with({{"n", 7}});
  CAF_REQUIRE((good.under_way() == std::vector<std::uint32_t>{0}));
  CAF_CHECK_EQUAL(to_text(effective_call(good.state().calls[0]).args),
                  R"({"n":7})");
  const auto bad = with({{"n", "x"}});
  CAF_CHECK(bad.under_way().empty());
  CAF_CHECK(bad.told<retry_prompt_part>(1).content.is_array());
}

CAF_TEST(row 3.9 approved arguments that never fitted are told) {
  auto definition = with_people(true);
  definition.tools[1].schema = std::make_shared<number_schema>();
  model_response said = response({call("c1", "wipe", R"({"n": "x"})")});
  const conversation run{definition,
                         {std::make_shared<const message>(said)},
                         json{{"approvals", {{"c1", true}}}}};
  CAF_CHECK(run.under_way().empty());
  CAF_CHECK_EQUAL(run.told<retry_prompt_part>(0).tool_call_id, "c1");
}

CAF_TEST(row 3.9 outside results are values retries or failures) {
  const auto part = call("c", "measure");
  const auto result
    = [&](const json& value) { return outside_result(part, value); };
  CAF_CHECK(result(42).kind == kind::returned);
  CAF_CHECK_EQUAL(result(42).content, 42);
  const auto whole = result({{"kind", "tool-return"},
                             {"return_value", 1},
                             {"content", "see"},
                             {"metadata", {{"m", 1}}}});
  CAF_CHECK(whole.kind == kind::returned);
  CAF_CHECK_EQUAL(whole.content, 1);
  CAF_CHECK_EQUAL(whole.extra, "see");
  CAF_CHECK_EQUAL(to_text(whole.metadata), R"({"m":1})");
  const auto retry = result({{"kind", "model-retry"}, {"message", "again"}});
  CAF_CHECK(retry.kind == kind::retry);
  CAF_CHECK_EQUAL(retry.content, "again");
  const auto failed = result({{"kind", "tool-failed"}, {"message", "broken"}});
  CAF_CHECK(failed.kind == kind::failed);
  CAF_CHECK_EQUAL(failed.content, "broken");
  const auto prompt
    = result({{"part_kind", "retry-prompt"}, {"content", "hm"}});
  CAF_CHECK(prompt.kind == kind::retry);
  CAF_CHECK_EQUAL(prompt.content, "hm");
  CAF_CHECK_EQUAL(to_text(result({{"kind", "other"}}).content),
                  R"({"kind":"other"})");
}

CAF_TEST(row 3.9 every open call needs one answer and no other may have one) {
  const auto history = deferred().state().history;
  CAF_CHECK_EQUAL(refusal(history, both), "");
  CAF_CHECK(contains(refusal(history, {{"calls", {{"c2", 42}}}}),
                     "'c1' has no answer"));
  auto twice = both;
  twice["calls"]["c1"] = 1;
  CAF_CHECK(contains(refusal(history, twice), "'c1' has two answers"));
  auto extra = both;
  extra["calls"]["c0"] = 1;
  CAF_CHECK(contains(refusal(history, extra), "'c0' in calls is not an open"));
  CAF_CHECK(contains(refusal(history, {{"answers", json::object()}}),
                     "unknown key 'answers'"));
  CAF_CHECK(contains(refusal(history, {{"calls", 5}}), "must be an object"));
  CAF_CHECK(contains(refusal(history, json::array()), "must be an object"));
  CAF_CHECK(contains(refusal({}, both), "need a message_history"));
}

CAF_TEST(row 3.9 an approved call sees what was said with it) {
  auto results = both;
  results["metadata"] = {{"c1", {{"reviewer", "ann"}}}};
  const auto run = resumed(results);
  CAF_REQUIRE(!run.state().calls.empty());
  const auto& progress = run.state().calls[0].progress;
  CAF_CHECK(progress.is_approved);
  CAF_CHECK_EQUAL(to_text(progress.approval_metadata), R"({"reviewer":"ann"})");
}

#define CAF_SUITE flow.questions

#include "runtime/flow/questions.hpp"
#include "unit/flow/rows_support.hpp"

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

namespace {

agent_definition with_wipe() {
  auto out = with_tools({"wipe", "measure"});
  out.tools[0].requires_approval = true;
  out.tools[0].schema = std::make_shared<number_schema>();
  out.tools[1].kind = tool_kind::external;
  return out;
}

conversation asking(const agent_definition& definition = with_wipe()) {
  conversation run{definition};
  run.says({call("c0", "wipe", R"({"n": 1})"), call("c1", "measure")});
  return run;
}

question_ref
ref_of(const conversation& run, std::uint32_t index, std::uint32_t number = 1) {
  return {run.state().created.run_id, tool_task(run.state().step, index),
          number};
}

/// Why the decision is refused; errc::none when it is taken.
errc refusal(const conversation& run, const json& body, std::uint32_t index = 0,
             std::uint32_t number = 1) {
  const auto answer = read_answer(run.state(), ref_of(run, index, number), body,
                                  conversation::same_text, at(5));
  return answer ? errc::none : answer.error().code;
}

const json approve{{"decision", "approve"}};
const json deny{{"decision", "deny"}};

} // namespace

CAF_TEST(ids are read as they are written) {
  const std::string run = "01900000-0000-7000-8000-000000000001";
  for (const auto& ref : {question_ref{run, tool_task(3, 12), 2},
                          question_ref{run, model_task(1), 1},
                          question_ref{run, {7, task_kind::output, 0}, 9}}) {
    const auto same = question_ref_of(to_string(ref));
    CAF_REQUIRE(same);
    CAF_CHECK(*same == ref);
  }
  CAF_CHECK_EQUAL(to_string(question_ref{run, tool_task(3, 12), 2}),
                  run + ":3:12:2");
  CAF_CHECK_EQUAL(to_string(question_ref{run, model_task(1), 1}),
                  run + ":1:m:1");
  for (const auto* text : {"", "x", ":::", "r:1:2", "r:a:0:1", "r:1:x:1",
                           "r:1:0:", "r:1:0:-1", ":1:0:1", "r:99999999999:0:1"})
    CAF_CHECK(!question_ref_of(text));
}

CAF_TEST(a question says all that a person must know) {
  auto definition = with_wipe();
  definition.tools[0].expires_after = 60s;
  definition.tools[0].on_expiry = on_expiry::fail;
  const auto run = asking(definition);
  const auto rows = questions_json(run.state(), conversation::same_text);
  CAF_REQUIRE_EQUAL(rows.size(), 2u);
  const auto& first = rows[0];
  CAF_CHECK_EQUAL(first["id"], to_string(ref_of(run, 0)));
  CAF_CHECK_EQUAL(first["run_id"], run.state().created.run_id);
  CAF_CHECK_EQUAL(first["agent"], "helper");
  CAF_CHECK_EQUAL(first["kind"], "approval");
  CAF_CHECK_EQUAL(first["tool_name"], "wipe");
  CAF_CHECK_EQUAL(first["tool_call_id"], "c0");
  CAF_CHECK_EQUAL(to_text(first["arguments"]), R"({"n":1})");
  CAF_CHECK_EQUAL(first["arguments_digest"], R"({"n":1})");
  CAF_CHECK_EQUAL(first["asked_at"], to_iso(at(9)));
  CAF_CHECK_EQUAL(first["expires_at"], to_iso(at(69)));
  CAF_CHECK_EQUAL(first["on_expiry"], "fail");
  CAF_CHECK_EQUAL(rows[1]["kind"], "external");
  CAF_CHECK(rows[1]["expires_at"].is_null());
}

CAF_TEST(an approved call runs and a denied one is told) {
  auto run = asking();
  run.decides(0, approve);
  CAF_CHECK((run.under_way() == std::vector<std::uint32_t>{0}));
  CAF_CHECK((run.asked() == std::vector<std::uint32_t>{1}));
  run.ends(0, kind::returned)
    .decides(1, {{"decision", "answer"}, {"result", 5}});
  CAF_CHECK_EQUAL(run.told<tool_return_part>(1).content, 5);
  auto other = asking();
  other.decides(0, {{"decision", "deny"}, {"message", "Not today."}})
    .decides(1, deny);
  CAF_CHECK(other.told<tool_return_part>(0).outcome == tool_outcome::denied);
  CAF_CHECK_EQUAL(other.told<tool_return_part>(0).content, "Not today.");
  CAF_CHECK_EQUAL(other.told<tool_return_part>(1).content,
                  "The tool call was denied.");
}

CAF_TEST(a question is decided once) {
  auto run = asking();
  run.decides(0, approve);
  CAF_CHECK(refusal(run, approve) == errc::conflict);
  CAF_CHECK(refusal(run, deny) == errc::conflict);
  run.ends(0, kind::returned);
  CAF_CHECK(refusal(run, deny) == errc::conflict);
  // Nor is one that was never asked.
  CAF_CHECK(refusal(run, deny, 1, 2) == errc::conflict);
  CAF_CHECK(refusal(run, deny, 9) == errc::conflict);
}

CAF_TEST(nothing is decided of a run that is being cancelled) {
  auto state = asking().state();
  state.apply(cancel_requested{at(5), "enough"});
  const auto answer
    = read_answer(state, {state.created.run_id, tool_task(1, 0), 1}, approve,
                  conversation::same_text, at(6));
  CAF_REQUIRE(!answer);
  CAF_CHECK(answer.error().code == errc::conflict);
}

CAF_TEST(who decides has seen the arguments) {
  const auto run = asking();
  auto body = approve;
  body["arguments_digest"] = R"({"n":1})";
  CAF_CHECK(refusal(run, body) == errc::none);
  body["arguments_digest"] = R"({"n":2})";
  CAF_CHECK(refusal(run, body) == errc::conflict);
}

CAF_TEST(replaced arguments must fit the tool) {
  auto run = asking();
  auto body = approve;
  body["arguments"] = {{"n", "x"}};
  CAF_CHECK(refusal(run, body) == errc::invalid_argument);
  body["arguments"] = "n";
  CAF_CHECK(refusal(run, body) == errc::invalid_argument);
  body["arguments"] = {{"n", 8}};
  run.decides(0, body);
  CAF_CHECK_EQUAL(to_text(effective_call(run.state().calls[0]).args),
                  R"({"n":8})");
}

CAF_TEST(a decision that the question does not take is refused) {
  const auto run = asking();
  const auto invalid = errc::invalid_argument;
  CAF_CHECK(refusal(run, {{"decision", "answer"}, {"result", 1}}) == invalid);
  CAF_CHECK(refusal(run, approve, 1) == invalid);
  CAF_CHECK(refusal(run, {{"decision", "answer"}}, 1) == invalid);
  CAF_CHECK(refusal(run, {{"decision", "maybe"}}) == invalid);
  CAF_CHECK(refusal(run, json::object()) == invalid);
  CAF_CHECK(refusal(run, json::array()) == invalid);
  CAF_CHECK(refusal(run, {{"decision", true}}) == invalid);
  CAF_CHECK(refusal(run, {{"decision", "deny"}, {"why", "x"}}) == invalid);
  CAF_CHECK(refusal(run, {{"decision", "deny"}, {"message", 5}}) == invalid);
}

CAF_TEST(what nobody decides in time is denied or fails the run) {
  auto definition = with_wipe();
  definition.tools[0].expires_after = 60s;
  auto run = asking(definition);
  CAF_CHECK_EQUAL(run.waits(at(68)).asked().size(), 2u);
  CAF_CHECK((run.waits(at(69)).asked() == std::vector<std::uint32_t>{1}));
  CAF_CHECK(refusal(run, approve) == errc::conflict);
  run.decides(1, {{"decision", "answer"}, {"result", 1}});
  CAF_CHECK(run.told<tool_return_part>(0).outcome == tool_outcome::denied);
  definition.tools[0].on_expiry = on_expiry::fail;
  auto strict = asking(definition);
  strict.waits(at(69));
  CAF_CHECK(strict.failure() == errc::approval_expired);
}

CAF_TEST(a tool that is external and needs approval is asked for twice) {
  auto definition = with_wipe();
  definition.tools[1].requires_approval = true;
  conversation run{definition};
  run.says({call("c0", "measure")});
  CAF_CHECK(run.state().progress(tool_task(1, 0)).question->kind
            == question_kind::approval);
  run.decides(0, approve);
  CAF_REQUIRE_EQUAL(run.asked().size(), 1u);
  CAF_CHECK(run.state().progress(tool_task(1, 0)).question->kind
            == question_kind::external);
  CAF_CHECK(refusal(run, approve) == errc::conflict);
  run.decides(0, {{"decision", "answer"}, {"result", "3 mm"}});
  CAF_CHECK_EQUAL(run.told<tool_return_part>(0).content, "3 mm");
}

CAF_TEST(tasks show what became of questions) {
  auto definition = with_wipe();
  std::vector<entry> entries{created()};
  const auto said
    = response({call("c0", "wipe", R"({"n": 1})"), call("c1", "measure")});
  entries.push_back(answered(1, said));
  auto state = fold(share(definition), {}, entries);
  const auto follow = [&](std::vector<entry> more) {
    for (auto& next : more) {
      state.apply(next);
      entries.push_back(std::move(next));
    }
  };
  follow(conclude(state, at(3)));
  follow({*read_answer(state, {state.created.run_id, tool_task(1, 0), 1}, deny,
                       conversation::same_text, at(4))});
  follow({*read_answer(state, {state.created.run_id, tool_task(1, 1), 1},
                       {{"decision", "answer"}, {"result", 1}},
                       conversation::same_text, at(5))});
  const auto tasks = tasks_json(share(definition), {}, entries);
  CAF_REQUIRE(tasks.size() >= 3);
  CAF_CHECK_EQUAL(tasks[1]["state"], "denied");
  CAF_CHECK_EQUAL(tasks[2]["state"], "completed");
  CAF_CHECK_EQUAL(tasks[2]["ended_at"], to_iso(at(5)));
}

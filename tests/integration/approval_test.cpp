#define CAF_SUITE integration.approval

#include "integration/people_fixture.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <thread>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

const json approve{{"decision", "approve"}};
const json deny{{"decision", "deny"}, {"message", "Not today."}};

struct fixture {
  fixture() {
    people.write_agent("desk", "wipe", json::object());
  }

  people_node people;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(approval_tests, fixture)

CAF_TEST(an approved call is executed once and the run completes) {
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(question["kind"], "approval");
  CAF_CHECK_EQUAL(question["tool_name"], "wipe");
  CAF_CHECK_EQUAL(runtime::to_text(question["arguments"]), R"({"n":1})");
  CAF_CHECK_EQUAL(people.wiped(), "");
  const auto inbox = people.node.api().get("/v1/approvals?agent=desk").value();
  CAF_REQUIRE_EQUAL(inbox["approvals"].size(), 1u);
  CAF_CHECK_EQUAL(inbox["approvals"][0]["id"], question["id"]);
  const auto run = people.node.api().get("/v1/runs/" + run_id).value();
  CAF_CHECK_EQUAL(run["state"], "waiting");
  auto body = approve;
  body["arguments_digest"] = question["arguments_digest"];
  body["decided_by"] = "ann";
  CAF_CHECK_EQUAL(people.decide(question, body).status, 200);
  const auto ended = people.ended(run_id);
  CAF_CHECK_EQUAL(ended["output"], "All done.");
  CAF_CHECK_EQUAL(people.wiped(), "1\n");
  CAF_CHECK_EQUAL(people.decide(question, deny).status, 409);
  CAF_CHECK(
    people.node.api().get("/v1/approvals").value()["approvals"].empty());
}

CAF_TEST(a denied call is not executed and the model is told why) {
  people.start();
  const auto run_id = people.create("desk");
  CAF_CHECK_EQUAL(people.decide(people.question_of(run_id), deny).status, 200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.wiped(), "");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "Not today.");
  CAF_CHECK_EQUAL(people.told(run_id, "outcome"), "denied");
}

CAF_TEST(the person who approves may change the arguments) {
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  auto body = approve;
  body["arguments"] = {{"n", "seven"}};
  CAF_CHECK_EQUAL(people.decide(question, body).status, 400);
  body["arguments"] = {{"n", 7}};
  CAF_CHECK_EQUAL(people.decide(question, body).status, 200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.wiped(), "7\n");
}

CAF_TEST(of two decisions at once one stands) {
  people.start();
  for (int round = 0; round < 5; ++round) {
    const auto question = people.question_of(people.create("desk"));
    std::vector<long> answers(2);
    std::vector<std::thread> deciders;
    for (std::size_t i = 0; i < answers.size(); ++i)
      deciders.emplace_back([&, i] {
        answers[i] = people.decide(question, i == 0 ? approve : deny).status;
      });
    for (auto& decider : deciders)
      decider.join();
    std::sort(answers.begin(), answers.end());
    CAF_CHECK_EQUAL(answers, (std::vector<long>{200, 409}));
    const auto run_id = question["run_id"].get<std::string>();
    CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  }
}

CAF_TEST(what is not decided in time is denied or fails the run) {
  const json soon{{"expires_after_seconds", 0.3}};
  people.write_agent("hasty", "wipe", soon);
  auto strict = soon;
  strict["on_expiry"] = "fail";
  people.write_agent("strict", "wipe", strict);
  people.start();
  const auto hasty = people.create("hasty");
  const auto failing = people.create("strict");
  CAF_CHECK_EQUAL(people.end_state(hasty), "completed");
  CAF_CHECK_EQUAL(people.told(hasty, "outcome"), "denied");
  const auto failed = people.ended(failing);
  CAF_CHECK_EQUAL(failed["state"], "failed");
  CAF_CHECK_EQUAL(failed["error"]["type"], "approval_expired");
  CAF_CHECK_EQUAL(people.wiped(), "");
}

CAF_TEST(a run that waits outlives its node) {
  people.start();
  const auto run_id = people.create("desk");
  const auto before = people.question_of(run_id);
  people.node.kill9();
  people.start();
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(runtime::to_text(question), runtime::to_text(before));
  CAF_CHECK_EQUAL(people.decide(question, approve).status, 200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.wiped(), "1\n");
}

CAF_TEST(a decision that was acknowledged outlives the node) {
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(people.decide(question, approve).status, 200);
  people.node.kill9();
  people.start();
  CAF_CHECK_EQUAL(people.decide(question, deny).status, 409);
  // Whether the call had begun is open; if so, a person is asked again.
  CAF_REQUIRE(wait_until([&] {
    const auto state
      = people.node.api().get("/v1/runs/" + run_id).value()["state"];
    return state == "completed" || state == "waiting";
  }));
  const auto run = people.node.api().get("/v1/runs/" + run_id).value();
  CAF_CHECK(people.wiped().size() <= 2u);
  if (run["state"] == "completed")
    CAF_CHECK_EQUAL(people.wiped(), "1\n");
  else
    CAF_CHECK_EQUAL(people.kind_asked(run_id), "in_doubt");
}

CAF_TEST(an approved call that was cut off is not made again unasked) {
  people.write_agent("slow", "wipe", json::object());
  people.start();
  const auto run_id = people.create("slow");
  CAF_CHECK_EQUAL(people.decide(people.question_of(run_id), approve).status,
                  200);
  CAF_REQUIRE(wait_until([&] { return people.wiped() == "1\n"; }));
  people.node.kill9();
  people.go();
  people.start();
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(question["kind"], "in_doubt");
  CAF_CHECK_EQUAL(people.wiped(), "1\n");
  // Known to have happened, by somebody who looked.
  CAF_CHECK_EQUAL(
    people
      .decide(question, {{"decision", "answer"}, {"result", "it was wiped"}})
      .status,
    200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "it was wiped");
  CAF_CHECK_EQUAL(people.wiped(), "1\n");
}

CAF_TEST(an outside result may come after a restart) {
  json external;
  external["External"]["name"] = "measure";
  people.write_agent("lab", "measure", nullptr, std::vector<json>{external});
  people.start();
  const auto run_id = people.create("lab");
  CAF_CHECK_EQUAL(people.kind_asked(run_id), "external");
  people.node.kill9();
  people.start();
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(people.decide(question, approve).status, 400);
  CAF_CHECK_EQUAL(
    people.decide(question, {{"decision", "answer"}, {"result", {{"mm", 3}}}})
      .status,
    200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(runtime::to_text(people.told(run_id, "content")),
                  R"({"mm":3})");
}

CAF_TEST_FIXTURE_SCOPE_END()

// Goal: who waits for people costs no memory of the node.
// Method: a node that parks at once, and 1,000 runs.
CAF_TEST(a thousand runs that wait are not in memory) {
  constexpr std::size_t count = 1'000;
  json settings;
  settings["limits"]["park_after_seconds"] = 0.05;
  settings["limits"]["active_runs_max"] = 100;
  people_node people{settings};
  people.write_agent("desk", "wipe", json::object());
  people.start();
  std::string last;
  for (std::size_t i = 0; i < count; ++i)
    last = people.create("desk");
  const auto waiting = [&] {
    std::size_t rows = 0;
    std::string cursor;
    do {
      const auto page
        = people.node.api()
            .get("/v1/approvals"
                 + (cursor.empty() ? cursor : "?cursor=" + cursor))
            .value();
      rows += page["approvals"].size();
      cursor
        = page["cursor"].is_null() ? "" : page["cursor"].get<std::string>();
    } while (!cursor.empty());
    return rows;
  };
  const auto active = [&]() -> json {
    return people.node.api().get("/readyz").value().at("active_runs");
  };
  CAF_REQUIRE(wait_until([&] { return active() == 0; }));
  CAF_CHECK_EQUAL(waiting(), count);
  CAF_CHECK_EQUAL(people.decide(people.question_of(last), approve).status, 200);
  CAF_CHECK_EQUAL(people.end_state(last), "completed");
  CAF_CHECK_EQUAL(waiting(), count - 1);
}

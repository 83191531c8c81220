#define CAF_SUITE client.decision

#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/commands.hpp"
#include "tools/perdure/decision.hpp"
#include "tools/perdure/exit_code.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::client;
using runtime::errc;
using runtime::json;

namespace {

const std::string run = test_run_id;

json question(const std::string& id, const std::string& kind = "approval") {
  return {{"id", id},
          {"run_id", id.substr(0, 36)},
          {"agent", "desk"},
          {"kind", kind},
          {"task", "tool_call"},
          {"tool_name", "cancel_order"},
          {"arguments", {{"order", 17}}},
          {"arguments_digest", "d1"},
          {"metadata", nullptr},
          {"asked_at", "2026-01-02T03:01:05Z"},
          {"expires_at", nullptr},
          {"on_expiry", "deny"}};
}

struct fixture {
  captured streams;
  console screen = streams.screen();
  scripted_connection connection;
  test_clock clock;
  api node{connection, test_settings(), clock.parts()};

  void reply_questions(const std::vector<json>& rows, json cursor = {}) {
    connection.reply(
      200, json{{"approvals", rows}, {"cursor", std::move(cursor)}}.dump());
  }

  int give(const std::vector<std::string>& words) {
    const auto parsed = parse_arguments(words);
    const auto* args = std::get_if<arguments>(&parsed);
    if (args == nullptr)
      CAF_FAIL("refused: " << std::get<early_exit>(parsed).complaint);
    return perform({node, screen, *args});
  }

  json posted() {
    return *runtime::parse_json(connection.requests.back().body);
  }

  /// A field of it, by value: nothing refers into what is gone.
  json posted(const char* key) {
    return posted().at(key);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(decision_tests, fixture)

CAF_TEST(the inbox shows who asks what since when and until when) {
  auto row = question(run + ":1:0:1");
  row["expires_at"] = "2026-01-02T05:04:05Z";
  row["on_expiry"] = "fail";
  reply_questions({row}, "c1");
  reply_questions({question(run + ":1:1:1", "external")});
  CAF_CHECK_EQUAL(give({"approvals", "--agent", "desk"}), 0);
  CAF_CHECK_EQUAL(
    streams.out,
    "3f4a5b:1:0:1  desk: approve cancel_order {\"order\":17}\n"
    "  asked           3 min ago; expires in 2 h, then the run "
    "fails\n"
    "  question        "
      + run
      + ":1:0:1\n\n"
        "3f4a5b:1:1:1  desk: give the result of cancel_order {\"order\":17}\n"
        "  asked           3 min ago\n"
        "  question        "
      + run + ":1:1:1\n");
  CAF_REQUIRE_EQUAL(connection.requests.size(), 2u);
  CAF_CHECK_EQUAL(connection.requests[0].target, "/v1/approvals?agent=desk");
  CAF_CHECK_EQUAL(connection.requests[1].target,
                  "/v1/approvals?agent=desk&cursor=c1");
}

CAF_TEST(an empty inbox says so) {
  reply_questions({});
  CAF_CHECK_EQUAL(give({"approvals", "--run", run}), 0);
  CAF_CHECK_EQUAL(connection.requests[0].target,
                  "/v1/runs/" + run + "/approvals");
  CAF_CHECK_EQUAL(streams.out, "");
  CAF_CHECK(streams.err.find("nothing waits") != std::string::npos);
}

CAF_TEST(a decision is about what was shown) {
  reply_questions({question(run + ":1:0:1"), question(run + ":1:1:1")});
  connection.reply(200, R"({"settled": true})");
  CAF_CHECK_EQUAL(give({"approve", run + ":1:0:1", "--as", "ann", "--args",
                        R"({"order": 18})", "--message", "ok"}),
                  0);
  CAF_CHECK_EQUAL(connection.requests[1].target,
                  "/v1/approvals/" + run + ":1:0:1");
  CAF_CHECK_EQUAL(runtime::to_text(posted()),
                  R"({"decision":"approve","arguments":{"order":18},)"
                  R"("message":"ok","decided_by":"ann",)"
                  R"("arguments_digest":"d1"})");
  CAF_CHECK(streams.out.find("cancel_order") != std::string::npos);
}

CAF_TEST(a question is named by a piece of its id or by its run) {
  for (const auto& name : {run + ":1:0:1", run, std::string{"0197"},
                           std::string{"3f4a5b:1:0:1"}, std::string{"3F4A"}}) {
    reply_questions({question(run + ":1:0:1")});
    connection.reply(200);
    CAF_MESSAGE(name);
    CAF_CHECK_EQUAL(give({"deny", name, "--message", "no"}), 0);
    CAF_CHECK_EQUAL(connection.requests.back().target,
                    "/v1/approvals/" + run + ":1:0:1");
    CAF_CHECK_EQUAL(posted("decision"), "deny");
  }
}

CAF_TEST(a name of several questions decides none) {
  for (const auto& name : {run, std::string{"3f4a5b"}}) {
    reply_questions({question(run + ":1:0:1"), question(run + ":1:1:1")});
    CAF_CHECK_EQUAL(give({"approve", name}), exit_code::usage);
    CAF_CHECK_EQUAL(connection.requests.back().method, "GET");
  }
}

CAF_TEST(a question that is not open is a conflict) {
  reply_questions({});
  CAF_CHECK_EQUAL(give({"approve", run + ":1:0:1"}), exit_code::failed);
  CAF_CHECK(streams.err.find("it was decided, has expired")
            != std::string::npos);
  reply_questions({question(run + ":1:0:1")});
  connection.reply(409,
                   R"({"error": {"type": "conflict", "message": "late"}})");
  CAF_CHECK_EQUAL(give({"approve", run}), exit_code::failed);
  CAF_CHECK(streams.err.find("late") != std::string::npos);
}

CAF_TEST(an outside result is a value or a reason) {
  const auto answer = [this](const std::vector<std::string>& rest) {
    reply_questions({question(run + ":1:0:1", "external")});
    connection.reply(200);
    std::vector<std::string> words{"answer", run};
    words.insert(words.end(), rest.begin(), rest.end());
    CAF_CHECK_EQUAL(give(words), 0);
    return runtime::to_text(posted("result"));
  };
  CAF_CHECK_EQUAL(answer({R"({"a": 1})"}), R"({"a":1})");
  CAF_CHECK_EQUAL(answer({"--retry", "later"}),
                  R"({"kind":"model-retry","message":"later"})");
  CAF_CHECK_EQUAL(answer({"--failed", "broken"}),
                  R"({"kind":"tool-failed","message":"broken"})");
  reply_questions({question(run + ":1:0:1", "external")});
  CAF_CHECK_EQUAL(give({"answer", run, "done"}), exit_code::usage);
  CAF_CHECK(streams.err.find("is not JSON") != std::string::npos);
}

CAF_TEST(wrong command lines of decisions are refused) {
  const auto complaint = [](const std::vector<std::string>& words) {
    const auto parsed = parse_arguments(words);
    const auto* exit = std::get_if<early_exit>(&parsed);
    return exit == nullptr ? std::string{} : exit->complaint;
  };
  CAF_CHECK(complaint({"approve"}).find("ID") != std::string::npos);
  CAF_CHECK(complaint({"approve", "abc"}).find("'abc'") != std::string::npos);
  CAF_CHECK(complaint({"approve", "zzzz"}).find("'zzzz'") != std::string::npos);
  CAF_CHECK(complaint({"answer", "3f4a"}).find("RESULT is missing")
            != std::string::npos);
  CAF_CHECK(complaint({"answer", "3f4a", "1", "--retry", "x"}).size() > 0);
  CAF_CHECK(complaint({"deny", "3f4a", "--args", "{}"}).size() > 0);
}

CAF_TEST(questions of any shape are harmless) {
  for (const auto& value :
       {json{}, json(7), json::array({1, "x"}), json{{"id", 5}}}) {
    approvals_text(json::array({value}), test_time());
    question_text(value);
    CAF_CHECK(short_id("x") == "x");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

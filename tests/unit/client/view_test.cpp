#define CAF_SUITE client.view

#include "tools/perdure/history_view.hpp"
#include "tools/perdure/run_view.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::client;
using runtime::json;

CAF_TEST(a run is shown field by field without empty ones) {
  json run{{"id", test_run_id},
           {"agent", "weather"},
           {"state", "completed"},
           {"reason", nullptr},
           {"error", nullptr},
           {"output", "two\nlines"},
           {"tags", {"a", "b"}},
           {"created_at", "2026-01-02T03:01:05Z"},
           {"ended_at", "2026-01-02T03:01:07Z"}};
  run["input"] = {{"prompt", "Oslo?"}, {"deps", nullptr}};
  run["usage"] = {{"requests", 1}};
  CAF_CHECK_EQUAL(run_text(run, test_time()),
                  "run           " + std::string{test_run_id}
                    + "\n"
                      "agent         weather\n"
                      "state         completed\n"
                      "created       3 min ago  (2026-01-02T03:01:05Z)\n"
                      "ended         2 min ago  (2026-01-02T03:01:07Z)\n"
                      "took          2.0 s\n"
                      "used          1 request, 0 tokens\n"
                      "tags          a, b\n"
                      "prompt        Oslo?\n"
                      "output        two\n"
                      "              lines\n");
}

CAF_TEST(an image is named and not printed) {
  json run{{"id", test_run_id}, {"state", "completed"}};
  run["output"] = {{"kind", "binary"},
                   {"media_type", "image/png"},
                   {"identifier", "f7ff9e"},
                   {"size_bytes", 1'300'000}};
  CAF_CHECK(run_text(run, test_time())
              .find("output        [image/png, 1.2 MiB]\n"
                    "              save it:  perdure output "
                    + std::string{test_run_id} + " > FILE\n")
            != std::string::npos);
  const auto history
    = json::array({{{"kind", "response"},
                    {"parts", json::array({{{"part_kind", "file"},
                                            {"content",
                                             {{"kind", "binary"},
                                              {"media_type", "image/png"},
                                              {"data", "AAAA"}}}}})}}});
  CAF_CHECK_EQUAL(history_text(history), "[model] [binary image/png]\n");
}

CAF_TEST(why tells what is under way and when it goes on) {
  json why{{"id", test_run_id},
           {"state", "waiting"},
           {"wake_at", "2026-01-02T03:04:09Z"}};
  why["waiting_for"] = json::array({{{"what", "retry"},
                                     {"task", "model request 1"},
                                     {"attempt", 2},
                                     {"at", "2026-01-02T03:04:09Z"},
                                     {"after", "HTTP 503"}}});
  const auto text = why_text(why, test_time());
  CAF_CHECK(text.find("waits for     model request 1: attempt 2 in 4 s, after: "
                      "HTTP 503\n")
            != std::string::npos);
  CAF_CHECK(text.find("goes on       in 4 s") != std::string::npos);
  CAF_CHECK(why_text(json::object(), test_time()).find("nothing")
            != std::string::npos);
}

CAF_TEST(why tells what a person has to do) {
  json why{{"id", test_run_id}, {"state", "waiting"}};
  why["waiting_for"]
    = json::array({{{"what", "approval"},
                    {"task", "tool call 'wipe'"},
                    {"question", std::string{test_run_id} + ":1:0:1"},
                    {"since", "2026-01-02T03:01:05Z"},
                    {"expires_at", "2026-01-02T03:04:09Z"}}});
  const auto text = why_text(why, test_time());
  CAF_CHECK(text.find("tool call 'wipe': a person must allow it; asked 3 min "
                      "ago, expires in 4 s\n")
            != std::string::npos);
  CAF_CHECK(text.find("perdure approve 3f4a5b:1:0:1\n") != std::string::npos);
  CAF_CHECK(text.find("perdure deny 3f4a5b:1:0:1\n") != std::string::npos);
}

CAF_TEST(tables have a row for each) {
  const auto runs = json::array({{{"id", test_run_id},
                                  {"agent", "weather"},
                                  {"state", "running"},
                                  {"tags", json::array()},
                                  {"created_at", "2026-01-02T03:04:05Z"}}});
  CAF_CHECK(runs_text(runs, test_time(), 0).find("weather  running  just now")
            != std::string::npos);
  const auto tasks
    = json::array({{{"step", 1},
                    {"kind", "tool_call"},
                    {"tool_name", "get_weather"},
                    {"state", "completed"},
                    {"attempts", 2},
                    {"started_at", "2026-01-02T03:04:05Z"},
                    {"ended_at", "2026-01-02T03:04:05.250000Z"}}});
  CAF_CHECK(tasks_text(tasks, test_time(), 0)
              .find("1     tool get_weather  completed  2         250 ms  -")
            != std::string::npos);
  const auto agents
    = json::array({{{"name", "weather"},
                    {"model", "openai:x"},
                    {"description", nullptr},
                    {"tools", {{{"name", "a"}}, {{"name", "b"}}}}}});
  CAF_CHECK_EQUAL(agents_text(agents, 0),
                  "AGENT    MODEL     TOOLS  DESCRIPTION\n"
                  "weather  openai:x  a, b\n");
}

CAF_TEST(a history reads as a conversation) {
  const auto history = runtime::parse_json(R"([
    {"kind": "request", "instructions": "Be brief.", "parts": [
      {"part_kind": "system-prompt", "content": "S"},
      {"part_kind": "user-prompt", "content": ["Look:",
        {"kind": "image-url", "url": "http://x/y.png"}]}]},
    {"kind": "response", "model_name": "m", "parts": [
      {"part_kind": "thinking", "content": "Hm"},
      {"part_kind": "tool-call", "tool_name": "t", "args": {"a": 1}}]},
    {"kind": "request", "instructions": "Be brief.", "parts": [
      {"part_kind": "tool-return", "tool_name": "t", "content": 21,
       "outcome": "failed"},
      {"part_kind": "retry-prompt", "content": "again"},
      {"part_kind": "new", "x": 1}]},
    {"kind": "response", "parts": [{"part_kind": "text", "content": "Ok"}]}
  ])");
  CAF_REQUIRE(history);
  CAF_CHECK_EQUAL(history_text(*history),
                  "[instructions] Be brief.\n[system] S\n"
                  "[user] Look:\n[image-url http://x/y.png]\n"
                  "[model m, thinking] Hm\n-> t {\"a\":1}\n"
                  "<- t (failed) 21\n<- (asked to try again) again\n"
                  "[new] {\"part_kind\":\"new\",\"x\":1}\n[model] Ok\n");
}

CAF_TEST(answers of any shape are harmless) {
  for (const auto& value : {json{}, json(7), json("x"), json::array({1, "x"}),
                            json{{"tags", 7},
                                 {"usage", "x"},
                                 {"input", 1},
                                 {"waiting_for", {1, 2}},
                                 {"error", 5}}}) {
    CAF_CHECK(run_text(value, test_time()).size() > 0);
    CAF_CHECK(why_text(value, test_time()).size() > 0);
    CAF_CHECK(runs_text(value, test_time(), 10).size() > 0);
    CAF_CHECK(tasks_text(value, test_time(), 10).size() > 0);
    CAF_CHECK(agents_text(value, 10).size() > 0);
    CAF_CHECK(event_text(value, 80).size() > 0);
    history_text(value);
  }
}

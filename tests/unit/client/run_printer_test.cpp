#define CAF_SUITE client.run_printer

#include "tools/perdure/run_printer.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace perdure;
using namespace perdure::client;
using runtime::json;

namespace {

json text_start(int index, const std::string& content) {
  return {{"event_kind", "part_start"},
          {"index", index},
          {"part", {{"part_kind", "text"}, {"content", content}}}};
}

json text_delta(int index, const std::string& content) {
  return {{"event_kind", "part_delta"},
          {"index", index},
          {"delta", {{"part_delta_kind", "text"}, {"content_delta", content}}}};
}

json text_end(int index, const std::string& content) {
  auto out = text_start(index, content);
  out["event_kind"] = "part_end";
  return out;
}

json call(const std::string& id, const std::string& name, json args) {
  return {{"event_kind", "function_tool_call"},
          {"part",
           {{"part_kind", "tool-call"},
            {"tool_name", name},
            {"tool_call_id", id},
            {"args", std::move(args)}}}};
}

json returned(const std::string& id, const std::string& name, json content,
              const std::string& outcome = "success") {
  return {{"event_kind", "function_tool_result"},
          {"part",
           {{"part_kind", "tool-return"},
            {"tool_name", name},
            {"tool_call_id", id},
            {"outcome", outcome},
            {"content", std::move(content)}}}};
}

json result(json output) {
  return {{"event_kind", "agent_run_result"},
          {"result", {{"output", std::move(output)}}}};
}

json ended_run(const std::string& state, json output) {
  json out{{"id", test_run_id},
           {"state", state},
           {"output", std::move(output)},
           {"created_at", "2026-01-02T03:04:05Z"},
           {"ended_at", "2026-01-02T03:04:06.250000Z"}};
  out["usage"] = {{"requests", 2},
                  {"tool_calls", 1},
                  {"input_tokens", 120},
                  {"output_tokens", 32}};
  return out;
}

struct fixture {
  captured streams;
  console screen = streams.screen();
  run_printer printer{screen, {}};

  void tell(const std::vector<json>& events) {
    for (const auto& event : events)
      printer.on_event(event, test_time());
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(run_printer_tests, fixture)

CAF_TEST(text comes as it is said and the output is not repeated) {
  tell({text_start(0, ""), text_delta(0, "Hel")});
  CAF_CHECK_EQUAL(streams.out, "Hel");
  tell({text_delta(0, "lo"), text_end(0, "Hello"), result("Hello")});
  printer.finish(ended_run("completed", "Hello"));
  CAF_CHECK_EQUAL(streams.out, "Hello\n");
  CAF_CHECK_EQUAL(streams.err,
                  "completed in 1.2 s: 2 requests, 1 tool call, 152 tokens "
                  "(120 in, 32 out); run "
                    + std::string{test_run_id} + "\n");
}

CAF_TEST(tools go to standard error and texts of two responses are apart) {
  tell({text_start(0, "Let me look."), text_end(0, "Let me look."),
        call("1", "get_weather", "{\"city\":\n \"Oslo\"}")});
  CAF_CHECK_EQUAL(streams.out, "Let me look.\n");
  tell({returned("1", "get_weather", 21), text_start(0, "21 degrees"),
        text_end(0, "21 degrees")});
  printer.finish(ended_run("completed", "21 degrees"));
  CAF_CHECK_EQUAL(streams.out, "Let me look.\n21 degrees\n");
  CAF_CHECK(streams.err.starts_with(
    "-> get_weather {\"city\": \"Oslo\"}\n<- 21\ncompleted"));
}

CAF_TEST(results of parallel calls name their tool) {
  tell({call("1", "a", nullptr), call("2", "b", json::object()),
        returned("2", "b", "x\ny"), returned("1", "a", "gone", "failed")});
  CAF_CHECK_EQUAL(streams.err, "-> a\n-> b {}\n<- b x y\n<- failed: gone\n");
}

CAF_TEST(a part that comes whole after an outage is only completed) {
  tell({text_start(0, "Hel"), text_delta(0, "lo ")});
  tell({text_start(0, "Hello world"), text_end(0, "Hello world"),
        result("Hello world")});
  printer.finish(ended_run("completed", "Hello world"));
  CAF_CHECK_EQUAL(streams.out, "Hello world\n");
}

CAF_TEST(a response that is told again live is only continued) {
  tell({text_start(0, "Hel"), text_delta(0, "lo ")});
  tell({text_start(0, "H"), text_delta(0, "ello"), text_delta(0, " wor"),
        text_delta(0, "ld"), text_end(0, "Hello world")});
  printer.finish(ended_run("completed", "Hello world"));
  CAF_CHECK_EQUAL(streams.out, "Hello world\n");
}

CAF_TEST(a response that is told otherwise is printed anew) {
  tell({text_start(0, "Hello")});
  tell({text_start(0, "He"), text_delta(0, "y you"), text_end(0, "Hey you"),
        result("Hey you")});
  printer.finish(ended_run("completed", "Hey you"));
  CAF_CHECK_EQUAL(streams.out, "Hello\nHey you\n");
  CAF_CHECK(streams.err.find("answers anew") != std::string::npos);
}

CAF_TEST(a response that ends earlier than before is printed anew) {
  tell({text_start(0, "Hello you")});
  tell({text_start(0, "Hello"), text_end(0, "Hello")});
  printer.finish(ended_run("completed", "Hello"));
  CAF_CHECK_EQUAL(streams.out, "Hello you\nHello\n");
}

CAF_TEST(text that becomes a tool call is no part of the answer) {
  tell({text_start(0, "I think")});
  tell({{{"event_kind", "part_start"},
         {"index", 0},
         {"part", {{"part_kind", "tool-call"}, {"tool_name", "a"}}}},
        call("1", "a", nullptr),
        returned("1", "a", 1),
        text_start(0, "One"),
        text_end(0, "One")});
  printer.finish(ended_run("completed", "One"));
  CAF_CHECK_EQUAL(streams.out, "I think\nOne\n");
}

CAF_TEST(the same words in the next response are said again) {
  tell({text_start(0, "Hm"), text_end(0, "Hm"), call("1", "a", nullptr),
        returned("1", "a", 1), text_start(0, "Hm"), text_end(0, "Hm")});
  printer.finish(ended_run("completed", "Hm"));
  CAF_CHECK_EQUAL(streams.out, "Hm\nHm\n");
}

CAF_TEST(an output that is no text is printed when it was not said) {
  printer.finish(ended_run("completed", json{{"city", "Oslo"}}));
  CAF_CHECK_EQUAL(streams.out, "{\"city\":\"Oslo\"}\n");
}

CAF_TEST(an output that the model wrote as JSON is not repeated) {
  tell({text_start(0, "{\"a\": 1, \"b\": [2]}")});
  printer.finish(
    ended_run("completed", json{{"b", json::array({2})}, {"a", 1}}));
  CAF_CHECK_EQUAL(streams.out, "{\"a\": 1, \"b\": [2]}\n");
}

CAF_TEST(without live text there is the output alone) {
  run_printer quiet{screen, {false, false}};
  for (const auto& event :
       {text_start(0, "Let me look."), call("1", "a", nullptr),
        returned("1", "a", 1), text_start(0, "One"), result("One")})
    quiet.on_event(event, test_time());
  CAF_CHECK_EQUAL(streams.out, "");
  quiet.finish(ended_run("completed", "One"));
  CAF_CHECK_EQUAL(streams.out, "One\n");
  CAF_CHECK_EQUAL(streams.err, "");
}

CAF_TEST(a failed run says why and prints no output) {
  auto run = ended_run("failed", nullptr);
  run["error"]
    = {{"type", "tool_timeout"}, {"message", "the tool took too long"}};
  tell({text_start(0, "Hal")});
  printer.finish(run);
  CAF_CHECK_EQUAL(streams.out, "Hal\n");
  CAF_CHECK(streams.err.starts_with("perdure: the run failed: the tool took "
                                    "too long (tool_timeout)\nfailed after "
                                    "1.2 s: "));
}

CAF_TEST(a retry tells what failed and when it is tried again) {
  tell({call("1", "a", nullptr),
        {{"event_kind", "task_retry"},
         {"task_kind", "tool_call"},
         {"index", 0},
         {"attempt", 1},
         {"error", {{"type", "tool_error"}, {"message", "exit 1"}}},
         {"retry_at", "2026-01-02T03:04:09Z"}}});
  CAF_CHECK_EQUAL(streams.err,
                  "-> a\na failed: exit 1 (tool_error); attempt 2 in 4 s\n");
}

CAF_TEST(lost output is told apart from a reader that had enough) {
  streams.reader_gone = true;
  tell({text_start(0, "Hello")});
  CAF_CHECK(screen.is_broken());
  CAF_CHECK_EQUAL(screen.lost_output(), 0);
  console full{[](std::string_view) { return ENOSPC; },
               [](std::string_view) { return 0; },
               {},
               {}};
  full.out("x");
  CAF_CHECK_EQUAL(full.lost_output(), ENOSPC);
}

CAF_TEST(a note on a shared screen begins on a line of its own) {
  auto terminal = streams.screen(true);
  run_printer shared{terminal, {}};
  shared.on_event(text_start(0, "Half"), test_time());
  shared.on_event({{"event_kind", "run_state"},
                   {"state", "cancelling"},
                   {"reason", "no\x1b[31m more"}},
                  test_time());
  CAF_CHECK_EQUAL(streams.out, "Half");
  CAF_CHECK_EQUAL(streams.err, "\nthe run is being cancelled: no\xEF\xBF\xBD"
                               "[31m more\n");
}

CAF_TEST(events of any shape are harmless) {
  for (const char* kind :
       {"part_start", "part_delta", "part_end", "function_tool_call",
        "function_tool_result", "task_retry", "output_rejected", "run_state",
        "agent_run_result", "task_failed", "from_the_future"})
    for (const auto& body :
         {json{}, json{{"index", -1}, {"part", 7}, {"delta", "x"}},
          json{{"index", "a"},
               {"part", {{"part_kind", "text"}, {"content", nullptr}}},
               {"delta", {{"part_delta_kind", "text"}}},
               {"error", json::array()},
               {"state", 1}}}) {
      auto event = body.is_null() ? json::object() : body;
      event["event_kind"] = kind;
      printer.on_event(event, test_time());
    }
  printer.on_event(json::array(), test_time());
  printer.finish(json::object());
  CAF_CHECK_EQUAL(streams.out, "");
}

// Goal: whatever is cut off and told again, each text is printed once.
// Method: a response in random pieces, with random restarts that begin it
// again from the start, live or whole.
CAF_TEST(random outages never repeat or lose text) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random{seed};
    const auto pick = [&random](std::size_t below) { return random() % below; };
    captured seen;
    auto screen_of_seed = seen.screen();
    run_printer under_test{screen_of_seed, {}};
    std::string text;
    for (std::size_t i = 0, size = 1 + pick(40); i < size; ++i)
      text += static_cast<char>('a' + pick(3));
    for (auto tellings = pick(5) + 1; tellings > 0; --tellings) {
      const bool last = tellings == 1;
      const auto end = last ? text.size() : pick(text.size() + 1);
      auto at = pick(end + 1);
      under_test.on_event(text_start(0, text.substr(0, at)), test_time());
      while (at < end) {
        const auto size = 1 + pick(end - at);
        under_test.on_event(text_delta(0, text.substr(at, size)), test_time());
        at += size;
      }
    }
    under_test.on_event(text_end(0, text), test_time());
    under_test.finish(ended_run("completed", text));
    if (seen.out != text + "\n")
      CAF_FAIL("seed " << seed << ": '" << text << "' became '" << seen.out
                       << "'");
    CAF_CHECK_EQUAL(seen.out, text + "\n");
  }
}

CAF_TEST(what a run asks is told with the commands that answer it) {
  run_printer with_run{screen, {true, true, test_run_id, " --url u"}};
  const auto told
    = [&](const json& event) { with_run.on_event(event, test_time()); };
  told(call("1", "look", nullptr));
  told(call("2", "wipe", R"({"n": 1})"));
  json asked{{"event_kind", "question_asked"},
             {"kind", "approval"},
             {"task", "tool_call"},
             {"step", 1},
             {"index", 1},
             {"number", 1},
             {"tool_name", "wipe"},
             {"expires_at", "2026-01-02T05:04:05Z"}};
  told(asked);
  told({{"event_kind", "question_answered"},
        {"task", "tool_call"},
        {"index", 1},
        {"verdict", "denied"},
        {"decided_by", "ann"}});
  CAF_CHECK_EQUAL(streams.err, "-> look\n-> wipe {\"n\": 1}\n"
                               "waits for a person to approve wipe {\"n\": 1}\n"
                               "  not later than 2026-01-02T05:04:05Z\n"
                               "  perdure approve --url u 3f4a5b:1:1:1\n"
                               "  perdure deny --url u 3f4a5b:1:1:1\n"
                               "denied: wipe, by ann\n");
  CAF_CHECK_EQUAL(question_id(test_run_id, asked),
                  std::string{test_run_id} + ":1:1:1");
  asked["task"] = "model_request";
  CAF_CHECK_EQUAL(question_id(test_run_id, asked),
                  std::string{test_run_id} + ":1:m:1");
}

CAF_TEST(a structured output is printed once as JSON) {
  auto answer = call("1", "final_result", R"({"a": 1})");
  answer["event_kind"] = "output_tool_call";
  auto accepted = returned("1", "final_result", "Final result processed.");
  accepted["event_kind"] = "output_tool_result";
  tell({answer, accepted, result(json{{"a", 1}})});
  printer.finish(ended_run("completed", json{{"a", 1}}));
  CAF_CHECK_EQUAL(streams.out, "{\"a\":1}\n");
  CAF_CHECK(streams.err.starts_with("completed"));
}

CAF_TEST(an image is named and how to save it is told) {
  tell({text_start(0, "Here."), text_end(0, "Here.")});
  printer.finish(ended_run("completed", {{"kind", "binary"},
                                         {"media_type", "image/png"},
                                         {"identifier", "f7ff9e"},
                                         {"size_bytes", 70}}));
  CAF_CHECK_EQUAL(streams.out, "Here.\n[image/png, 70 bytes]\n");
  CAF_CHECK(streams.err.starts_with("save it:  perdure output "
                                    + std::string{test_run_id}
                                    + " > FILE\ncompleted in"));
}

CAF_TEST(an output that was refused and a new owner are told) {
  json refused{{"event_kind", "output_tool_result"}};
  refused["part"]
    = {{"part_kind", "retry-prompt"}, {"content", "a is missing"}};
  tell({refused, json{{"event_kind", "run_taken_over"}}});
  CAF_CHECK_EQUAL(streams.err,
                  "the answer was not usable; asked to try again: a is "
                  "missing\nthe run goes on after its node ended\n");
}

CAF_TEST_FIXTURE_SCOPE_END()

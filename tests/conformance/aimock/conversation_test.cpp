#define CAF_SUITE conformance.aimock

#include "conformance/aimock/guide.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

struct asked {
  json run;
  /// What the run's conversation is, as the API shows it.
  json messages;
  std::vector<json> requests;
};

asked ask(guided_node& with, const std::string& prompt, std::size_t requests) {
  asked out;
  out.run = with.node.api().run({{"agent", "guide"}, {"prompt", prompt}});
  CAF_REQUIRE(out.run.is_object());
  out.messages
    = with.node.api()
        .get("/v1/runs/" + out.run["id"].get<std::string>() + "/messages")
        .value();
  out.requests = with.provider.new_requests(requests);
  CAF_REQUIRE_EQUAL(out.requests.size(), requests);
  return out;
}

void check_completed(const asked& what, std::string_view output) {
  if (what.run["state"] != "completed")
    CAF_MESSAGE(what.run);
  CAF_REQUIRE_EQUAL(what.run["state"], "completed");
  CAF_CHECK_EQUAL(what.run["output"], output);
}

/// The last `count` messages of a request.
std::vector<json> tail_of(const json& request, std::size_t count) {
  const auto& messages = request["body"]["messages"];
  CAF_REQUIRE(messages.size() >= count);
  return {messages.end() - static_cast<std::ptrdiff_t>(count), messages.end()};
}

/// @param key what the text is in a wire that sends objects
void check_result(const wire& spoken, const json& message,
                  std::string_view call_id, std::string_view text,
                  const char* key = "return_value") {
  CAF_CHECK_EQUAL(message["role"], "tool");
  CAF_CHECK_EQUAL(message["tool_call_id"], call_id);
  const auto expected = spoken.wraps_results
                          ? runtime::to_text(json{{key, std::string{text}}})
                          : std::string{text};
  CAF_CHECK_EQUAL(message["content"], expected);
}

/// Every request of a run is a task of its own, so it has a key of its own.
void check_keys(const asked& what, std::size_t tasks) {
  std::vector<std::string> keys;
  for (const auto& request : what.requests)
    keys.push_back(request["headers"].value("idempotency-key", ""));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  CAF_CHECK_EQUAL(keys.size(), tasks);
  CAF_CHECK(!keys.front().empty());
}

template <class Test>
void for_all_wires(Test test) {
  for (const auto& spoken : wires()) {
    CAF_MESSAGE(spoken.name);
    guided_node with{spoken};
    test(with, spoken);
    CAF_CHECK_EQUAL(with.node.terminate(), 0);
  }
}

void check_one_call(guided_node& with, const wire& spoken) {
  const auto what = ask(with, "What is the weather in Oslo?", 2);
  check_completed(
    what, "It is 3 degrees in Oslo, and it will stay so until the weekend.");
  CAF_CHECK_EQUAL(with.executed("call_oslo"), R"({"city":"Oslo"})");
  const auto& usage = what.run["usage"];
  CAF_CHECK_EQUAL(usage["input_tokens"], 143);
  CAF_CHECK_EQUAL(usage["output_tokens"], 32);
  CAF_CHECK_EQUAL(usage["requests"], 2);
  CAF_CHECK_EQUAL(usage["tool_calls"], 1);
  const auto first = tail_of(what.requests[0], 2);
  CAF_CHECK_EQUAL(first[0]["role"], "system");
  CAF_CHECK_EQUAL(first[0]["content"], "You are a guide.");
  CAF_CHECK_EQUAL(first[1]["content"], "What is the weather in Oslo?");
  const auto& tools = what.requests[0]["body"]["tools"];
  CAF_REQUIRE_EQUAL(tools.size(), 1u);
  CAF_CHECK_EQUAL(tools[0]["function"]["name"], "look_up");
  if (!spoken.hides_schemas)
    CAF_CHECK_EQUAL(tools[0]["function"]["parameters"]["required"][0], "city");
  const auto second = tail_of(what.requests[1], 2);
  const auto& call = second[0]["tool_calls"][0];
  CAF_CHECK_EQUAL(call["id"], "call_oslo");
  CAF_CHECK_EQUAL(call["function"]["arguments"], R"({"city":"Oslo"})");
  check_result(spoken, second[1], "call_oslo", "3 degrees");
  check_keys(what, 2);
}

void check_parallel_calls(guided_node& with, const wire& spoken) {
  const auto what = ask(with, "Please compare three cities.", 2);
  check_completed(what, "Turku is the coldest.");
  CAF_CHECK_EQUAL(with.executed("call_a"), R"({"city":"Bergen"})");
  CAF_CHECK_EQUAL(with.executed("call_b"), R"({"city":"Malmö"})");
  CAF_CHECK_EQUAL(with.executed("call_c"), R"({"city":"Turku"})");
  const auto results = tail_of(what.requests[1], 3);
  for (std::size_t i = 0; i < 3; ++i)
    check_result(spoken, results[i], std::string{"call_"} + "abc"[i],
                 "3 degrees");
  CAF_CHECK_EQUAL(what.run["usage"]["tool_calls"], 3);
  CAF_CHECK_EQUAL(what.run["usage"]["input_tokens"], 220);
}

void check_turns(guided_node& with, const wire& spoken) {
  const auto what = ask(with, "Tell me one after the other.", 4);
  check_completed(what, "Narvik, then Vardø.");
  CAF_CHECK_EQUAL(with.executed("call_1"), R"({"city":"Narvik"})");
  CAF_CHECK_EQUAL(with.executed("call_2"), R"({"city":"Vardø"})");
  // What was said beside a call goes back with it, in an item of its own in
  // some wires.
  const auto second = tail_of(what.requests[1], 3);
  CAF_CHECK(second[0]["content"] == "First Narvik."
            || second[1]["content"] == "First Narvik.");
  check_result(spoken, second[2], "call_1", "3 degrees");
  const auto last = tail_of(what.requests[3], 1);
  check_result(spoken, last[0], "call_3",
               "Unknown tool name: 'no_such_tool'. Available tools: 'look_up'"
               "\n\nFix the errors and try again.",
               "error");
  CAF_CHECK_EQUAL(what.run["usage"]["tool_calls"], 2);
  CAF_CHECK_EQUAL(what.messages.size(), 8u);
  check_keys(what, 4);
}

void check_retried(guided_node& with, const std::string& prompt,
                   std::string_view output, std::size_t requests) {
  const auto what = ask(with, prompt, requests);
  check_completed(what, output);
  check_keys(what, 1);
  // What went wrong is not part of the conversation.
  CAF_CHECK_EQUAL(what.messages.size(), 2u);
  CAF_CHECK_EQUAL(what.run["usage"]["requests"], 1);
}

} // namespace

CAF_TEST(scripted conversations go as they are written) {
  for_all_wires([](guided_node& with, const wire& spoken) {
    check_one_call(with, spoken);
    check_parallel_calls(with, spoken);
    check_turns(with, spoken);
  });
}

CAF_TEST(what goes wrong once is asked again) {
  for_all_wires([](guided_node& with, const wire& spoken) {
    check_retried(with, "There is a busy provider.", "Now there is time.", 3);
    check_retried(with, "There is a connection that breaks.", "Connected.", 2);
    check_retried(with, "There is a malformed body.", "Well formed.", 2);
    check_retried(with, "There is a slow first token.", "It took a moment.", 1);
    // Only a stream can be cut in its middle here.
    check_retried(with, "There is a stream that is cut.",
                  spoken.is_streamed ? "Whole again."
                                     : "This will never be seen to its end, "
                                       "however long one waits for the rest of "
                                       "it.",
                  spoken.is_streamed ? 2 : 1);
  });
}

CAF_TEST(what cannot be mended ends the run) {
  for_all_wires([](guided_node& with, const wire&) {
    const auto refused = ask(with, "This is a refused request.", 1);
    CAF_CHECK_EQUAL(refused.run["state"], "failed");
    CAF_CHECK_EQUAL(refused.run["error"]["type"], "model_http_error");
    const auto message = refused.run["error"]["message"].get<std::string>();
    CAF_CHECK(message.find("the prompt is too long") != std::string::npos);
  });
}

#define CAF_SUITE integration.paused_turn

#include "integration/beyond_fixture.hpp"
#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

json text(const std::string& value) {
  return {{"type", "text"}, {"text", value}};
}

const json search{{"type", "server_tool_use"},
                  {"id", "srvtoolu_1"},
                  {"name", "web_search"},
                  {"input", {{"query", "rain"}}}};

json head_of_message(json content, int input_tokens) {
  return {{"id", "msg_1"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", "a-model"},
          {"content", std::move(content)},
          {"usage", {{"input_tokens", input_tokens}, {"output_tokens", 3}}}};
}

reaction plain(const json& content, const char* stop_reason, int input_tokens) {
  auto body = head_of_message(content, input_tokens);
  body["stop_reason"] = stop_reason;
  return whole(200, std::string{json_type}, runtime::to_text(body));
}

reaction
streamed(const json& content, const char* stop_reason, int input_tokens) {
  const auto frame = [](const char* type, json data) {
    data["type"] = type;
    return frame_of(data, type);
  };
  std::vector<std::string> frames{
    frame("message_start",
          {{"message", head_of_message(json::array(), input_tokens)}})};
  for (std::size_t i = 0; i < content.size(); ++i) {
    frames.push_back(frame("content_block_start",
                           {{"index", i}, {"content_block", content[i]}}));
    frames.push_back(frame("content_block_stop", {{"index", i}}));
  }
  frames.push_back(
    frame("message_delta", {{"delta", {{"stop_reason", stop_reason}}},
                            {"usage", {{"output_tokens", 3}}}}));
  frames.push_back(frame("message_stop", json::object()));
  return rest_of(frames, 0);
}

struct fixture : beyond_fixture {
  fixture() : beyond_fixture("anthropic", json::object()) {}

  /// What the whole turn is, however it came.
  void check_rain(const std::string& run_id) {
    check_output(run_id, "It rains.");
    const auto run = node->api().get("/v1/runs/" + run_id).value();
    CAF_CHECK_EQUAL(run["usage"]["requests"], 1);
    CAF_CHECK_EQUAL(run["usage"]["input_tokens"], 30);
    CAF_CHECK_EQUAL(run["usage"]["output_tokens"], 6);
    const auto history = messages(run_id);
    CAF_REQUIRE_EQUAL(history.size(), 2u);
    const auto& parts = history[1]["parts"];
    CAF_REQUIRE_EQUAL(parts.size(), 3u);
    CAF_CHECK_EQUAL(parts[0]["content"], "Let me look.");
    CAF_CHECK_EQUAL(parts[1]["part_kind"], "builtin-tool-call");
    CAF_CHECK_EQUAL(parts[2]["content"], "It rains.");
    CAF_CHECK_EQUAL(history[1]["state"], "complete");
    CAF_CHECK_EQUAL(history[1]["finish_reason"], "stop");
    CAF_CHECK_EQUAL(attempts(run_id), 1);
  }

  static void check_continued(const json& body) {
    CAF_REQUIRE_EQUAL(body["messages"].size(), 2u);
    CAF_CHECK_EQUAL(body["messages"][1]["role"], "assistant");
    CAF_CHECK_EQUAL(body["messages"][1]["content"],
                    json::array({text("Let me look."), search}));
  }
};

const json begun = json::array({text("Let me look."), search});
const json done = json::array({text("It rains.")});

} // namespace

CAF_TEST_FIXTURE_SCOPE(paused_turn_tests, fixture)

CAF_TEST(a paused turn goes on to one response) {
  for (const auto* agent : {"plain", "streamed"}) {
    const auto say = agent == std::string{"plain"} ? plain : streamed;
    const auto run_id
      = begin(agent, {say(begun, "pause_turn", 10), say(done, "end_turn", 20)});
    check_rain(run_id);
    CAF_REQUIRE_EQUAL(bodies().size(), 2u);
    check_continued(bodies()[1]);
  }
}

CAF_TEST(a node that was killed goes on behind the pause) {
  const auto run_id
    = begin("streamed", {streamed(begun, "pause_turn", 10),
                         first_of({}, 0, connection_end::hold)});
  wait_for_note(run_id);
  restart({streamed(done, "end_turn", 20)});
  check_output(run_id, "It rains.");
  CAF_REQUIRE_EQUAL(bodies().size(), 1u);
  check_continued(bodies()[0]);
}

CAF_TEST(another attempt goes on behind the pause) {
  const auto busy = whole(529, std::string{json_type},
                          R"({"error": {"type": "overloaded_error"}})");
  const auto run_id = begin("plain", {plain(begun, "pause_turn", 10), busy,
                                      plain(done, "end_turn", 20)});
  check_output(run_id, "It rains.");
  CAF_REQUIRE_EQUAL(bodies().size(), 3u);
  check_continued(bodies()[1]);
  check_continued(bodies()[2]);
  CAF_CHECK_EQUAL(attempts(run_id), 2);
}

CAF_TEST_FIXTURE_SCOPE_END()

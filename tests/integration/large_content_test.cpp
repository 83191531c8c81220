#define CAF_SUITE integration.large_content

#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::array wires{speech_wire::chat, speech_wire::responses};
constexpr std::size_t mebibyte = 1u << 20;

/// `$SIZE` bytes of text, then what is in the file `$FILE`.
constexpr std::string_view print_program = R"(#!/bin/sh
cat > /dev/null
[ -z "$SIZE" ] || head -c "$SIZE" /dev/zero | tr '\0' x
[ -z "$FILE" ] || cat "$FILE"
)";

json command(const std::string& name, const std::string& program, json env) {
  return {{"Command",
           {{"name", name},
            {"argv", {program}},
            {"env", std::move(env)},
            {"max_output_bytes", 32 * mebibyte}}}};
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

reaction says(speech_wire wire, const std::string& text) {
  return whole(200, std::string{json_type}, body_of(wire, text));
}

reaction
calls(speech_wire wire, const std::string& tool, std::size_t count = 1) {
  return whole(200, std::string{json_type}, calls_of(wire, tool, "{}", count));
}

/// A body that calls a tool under an id of its own.
reaction
calls_under(speech_wire wire, const std::string& tool, const std::string& id) {
  auto body = calls_of(wire, tool, "{}");
  const std::string_view made{"\"call_0\""};
  const auto at = body.find(made);
  body.replace(at, made.size(), runtime::to_text(json(id)));
  return whole(200, std::string{json_type}, std::move(body));
}

struct fixture {
  fixture() {
    node = std::make_unique<real_node>(speech_environment(server.url()));
    const auto program
      = node->place().write("print", print_program, true).string();
    const auto from = [&](const std::string& name, std::string_view content) {
      return json{{"FILE", node->place().write(name, content).string()}};
    };
    const std::string garbage{"a\xff\xfe\xc3(\xed\xa0\x80z"};
    const std::string zeros{"a\0b\0", 4};
    const auto tools = json::array(
      {command("large", program, {{"SIZE", std::to_string(20 * mebibyte)}}),
       command("huge", program, {{"SIZE", std::to_string(33 * mebibyte)}}),
       command("deep", program, from("deep", nested(100'000))),
       command("garbage", program, from("garbage", garbage)),
       command("zeros", program, from("zeros", zeros)),
       command("small", program, from("small", "fine"))});
    auto capabilities = tools;
    capabilities.push_back(
      {{"Durability",
        {{"model", {{"retries", 1}, {"retry_delay_seconds", 0.01}}}}}});
    for (const auto wire : wires)
      node->write_agent(std::string{prefix_of(wire)} + ".json",
                        runtime::to_text({{"model", model_of(wire)},
                                          {"capabilities", capabilities}}));
    node->start();
  }

  json run(speech_wire wire, std::vector<reaction> reactions,
           json further = json::object()) {
    server.play(std::move(reactions));
    further["agent"] = std::string{prefix_of(wire)};
    if (!further.contains("prompt"))
      further["prompt"] = "Go.";
    auto out = node->api().run(further);
    CAF_REQUIRE(out.is_object());
    CAF_REQUIRE(node->api().is_healthy());
    return out;
  }

  json check_completed(speech_wire wire, std::vector<reaction> reactions,
                       json further = json::object()) {
    const auto expected = reactions.size();
    auto out = run(wire, std::move(reactions), std::move(further));
    if (out["state"] != "completed")
      CAF_MESSAGE(runtime::to_text(out["error"]).substr(0, 500));
    CAF_REQUIRE_EQUAL(out["state"], "completed");
    CAF_CHECK_EQUAL(server.connections(), expected);
    return out;
  }

  json about(const json& run, const std::string& what) {
    return node->api()
      .get("/v1/runs/" + run["id"].get<std::string>() + what)
      .value();
  }

  /// The body of a request to the provider; valid JSON, so valid UTF-8.
  json asked(std::size_t index) const {
    const auto requests = server.requests();
    CAF_REQUIRE(index < requests.size());
    const auto& request = requests[index];
    auto body = runtime::parse_json(
      std::string_view{request}.substr(request.find("\r\n\r\n") + 4));
    CAF_REQUIRE(body);
    return std::move(*body);
  }

  /// The result of the only call, as the provider got it.
  std::string result_told(speech_wire wire) const {
    const auto body = asked(1);
    const bool is_chat = wire == speech_wire::chat;
    const auto& last = body[is_chat ? "messages" : "input"].back();
    return last[is_chat ? "content" : "output"].get<std::string>();
  }

  /// The content of the only result, as the API shows it after a restart.
  json result_stored(const json& run) {
    node->kill9();
    node->start();
    return about(run, "/messages")[2]["parts"][0]["content"];
  }

  hostile_server server;
  std::unique_ptr<real_node> node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(large_content_tests, fixture)

CAF_TEST(a tool may give back twenty mebibytes) {
  for (const auto wire : wires) {
    const auto run
      = check_completed(wire, {calls(wire, "large"), says(wire, "Done.")});
    CAF_CHECK_EQUAL(result_told(wire).size(), 20 * mebibyte);
    const auto stored = result_stored(run);
    CAF_CHECK_EQUAL(stored.get<std::string>().size(), 20 * mebibyte);
  }
}

CAF_TEST(a tool that gives back more than it may has failed) {
  for (const auto wire : wires) {
    check_completed(wire, {calls(wire, "huge"), says(wire, "Done.")});
    CAF_CHECK(result_told(wire).find("max_output_bytes") != std::string::npos);
  }
}

CAF_TEST(a response may call a thousand tools) {
  for (const auto wire : wires) {
    const auto run = check_completed(
      wire, {calls(wire, "small", 1'000), says(wire, "Done.")});
    CAF_CHECK_EQUAL(run["usage"]["tool_calls"], 1'000);
    const auto messages = about(run, "/messages");
    CAF_REQUIRE_EQUAL(messages.size(), 4u);
    const auto& parts = messages[2]["parts"];
    CAF_REQUIRE_EQUAL(parts.size(), 1'000u);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      CAF_REQUIRE_EQUAL(parts[i]["tool_call_id"], "call_" + std::to_string(i));
      CAF_REQUIRE_EQUAL(parts[i]["content"], "fine");
    }
    CAF_CHECK_EQUAL(about(run, "/tasks")["tasks"].size(), 1'002u);
  }
}

CAF_TEST(what is nested too deep to be a value is text) {
  for (const auto wire : wires) {
    const auto run
      = check_completed(wire, {calls(wire, "deep"), says(wire, "Done.")});
    CAF_CHECK_EQUAL(result_told(wire), nested(100'000));
    CAF_CHECK_EQUAL(result_stored(run), nested(100'000));
  }
}

CAF_TEST(bytes of a tool that are no text do not stop a run) {
  for (const auto wire : wires) {
    const auto run
      = check_completed(wire, {calls(wire, "garbage"), says(wire, "Done.")});
    const auto told = result_told(wire);
    CAF_CHECK(told.starts_with("a"));
    CAF_CHECK(told.ends_with("z"));
    CAF_CHECK_EQUAL(result_stored(run), told);
  }
}

CAF_TEST(bytes of a provider that are no text are no response) {
  for (const auto wire : wires) {
    auto body = body_of(wire, "Hello.");
    body.replace(body.find("Hello."), 6, "He\xff\xfe.");
    auto stream = stream_of(wire, {"Hello.", "Hello."});
    stream.replace(stream.find("Hello."), 6, "He\xff\xfe.");
    for (const auto& bad : {whole(200, std::string{json_type}, body),
                            whole(200, std::string{event_stream}, stream)}) {
      const auto ended = run(wire, {bad, bad});
      CAF_CHECK_EQUAL(ended["state"], "failed");
      CAF_CHECK_EQUAL(ended["error"].value("type", ""), "model_bad_response");
    }
  }
}

CAF_TEST(zeros are characters like others) {
  const std::string zeros{"a\0b", 3};
  for (const auto wire : wires) {
    auto ended
      = check_completed(wire, {says(wire, zeros)}, {{"prompt", zeros}});
    CAF_CHECK_EQUAL(ended["output"], zeros);
    CAF_CHECK(runtime::to_text(asked(0)).find("a\\u0000b")
              != std::string::npos);
    ended = check_completed(wire, {calls(wire, "zeros"), says(wire, "Done.")});
    const std::string printed{"a\0b\0", 4};
    CAF_CHECK_EQUAL(result_told(wire), printed);
    CAF_CHECK_EQUAL(result_stored(ended), printed);
  }
}

CAF_TEST(a history may have five thousand messages) {
  json history = json::array();
  for (int i = 0; i < 2'500; ++i) {
    const auto number = std::to_string(i);
    history.push_back(
      {{"kind", "request"},
       {"parts", json::array({{{"part_kind", "user-prompt"},
                               {"content", "Question " + number}}})}});
    history.push_back(
      {{"kind", "response"},
       {"parts", json::array({{{"part_kind", "text"},
                               {"content", "Answer " + number}}})}});
  }
  for (const auto wire : wires) {
    const auto run = check_completed(wire, {says(wire, "Done.")},
                                     {{"message_history", history}});
    const auto body = asked(0);
    const auto& items = body[wire == speech_wire::chat ? "messages" : "input"];
    CAF_CHECK_EQUAL(items.size(), 5'001u);
    node->kill9();
    node->start();
    CAF_CHECK_EQUAL(about(run, "/messages").size(), 5'002u);
  }
}

CAF_TEST(ids may be long and odd) {
  for (const auto wire : wires) {
    // Among them more than a program can be given in its environment, and what
    // it cannot be given at all.
    for (const auto& id :
         {std::string(10'240, 'i'), std::string(300'000, 'i'),
          std::string{"a\0b", 3}, std::string{"a b\r\nX-Evil: 1"},
          std::string{"\x01\x7f"}, std::string{"ключ/%41"},
          std::string{"../../etc"}}) {
      const auto run = check_completed(
        wire, {calls_under(wire, "small", id), says(wire, "Done.")});
      const auto parts = about(run, "/messages")[2]["parts"];
      CAF_CHECK_EQUAL(parts[0]["tool_call_id"], id);
      CAF_CHECK_EQUAL(parts[0]["content"], "fine");
      const auto requests = server.requests();
      for (const auto& request : requests)
        CAF_CHECK(request.substr(0, request.find("\r\n\r\n")).find("X-Evil")
                  == std::string::npos);
    }
  }
}

CAF_TEST(ids that a client makes up are bounded) {
  const auto wire = speech_wire::chat;
  const std::string long_id(10'240, 'i');
  const auto create = [&](json further, const std::string& key) {
    server.play({says(wire, "Done.")});
    further["agent"] = std::string{prefix_of(wire)};
    further["prompt"] = "Go.";
    return node->api().post("/v1/runs?wait=60", runtime::to_text(further),
                            {"Idempotency-Key: " + key});
  };
  for (const auto& answer :
       {create({{"conversation_id", long_id}}, "a"), create({}, long_id),
        create({{"tags", json::array({long_id})}}, "b")}) {
    CAF_CHECK_EQUAL(answer.status, 400);
    CAF_CHECK_EQUAL(answer.error_type(), "invalid_argument");
  }
  CAF_CHECK_EQUAL(create({}, std::string(256, 'k')).status, 201);
  // What others made up is taken as it is.
  const auto history = json::parse(
    R"([{"kind":"request","parts":[{"part_kind":"user-prompt","content":"x"}],)"
    R"("conversation_id":")"
    + long_id
    + R"("},{"kind":"response","parts":[{"part_kind":"tool-call",)"
      R"("tool_name":"small","tool_call_id":")"
    + long_id + R"("}]}])");
  const auto run
    = check_completed(wire, {says(wire, "Done.")},
                      {{"message_history", history}, {"prompt", nullptr}});
  const auto messages = about(run, "/messages");
  CAF_REQUIRE_EQUAL(messages.size(), 4u);
  CAF_CHECK_EQUAL(messages[3]["conversation_id"], long_id);
  CAF_CHECK_EQUAL(messages[2]["parts"][0]["tool_call_id"], long_id);
  // So is a tool that a model makes up.
  check_completed(wire, {calls(wire, long_id), says(wire, "Done.")});
  CAF_CHECK(result_told(wire).find(long_id) != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

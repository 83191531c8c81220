#define CAF_SUITE integration.cache

#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// Leaves a line in `$PLACE/executed` each time.
constexpr std::string_view tool_program = R"(#!/bin/sh
cat > /dev/null
echo "$PERDURE_IDEMPOTENCY_KEY" >> "$PLACE/executed"
echo "a value"
)";

reaction says(const std::string& text) {
  return whole(200, std::string{json_type}, body_of(speech_wire::chat, text));
}

reaction calls_tool() {
  return whole(200, std::string{json_type},
               calls_of(speech_wire::chat, "look", R"({"city": "Oslo"})"));
}

struct fixture {
  fixture() {
    const auto program
      = node.place().write("look", tool_program, true).string();
    command = {{"Command",
                {{"name", "look"},
                 {"argv", {program}},
                 {"env", {{"PLACE", node.place().path().string()}}}}}};
  }

  void deploy(json durability, const std::string& instructions = "Look.") {
    node.write_agent(
      "looker.json",
      runtime::to_text({{"model", "openai-chat:gpt-4o"},
                        {"instructions", instructions},
                        {"capabilities",
                         {command, {{"Durability", std::move(durability)}}}}}));
  }

  json run() {
    auto out = node.api().run({{"agent", "looker"}, {"prompt", "Oslo?"}});
    CAF_REQUIRE(out.is_object());
    CAF_REQUIRE_EQUAL(out["state"], "completed");
    return out;
  }

  json tasks_of(const json& run) {
    return node.api()
      .get("/v1/runs/" + run["id"].get<std::string>() + "/tasks")
      .value()["tasks"];
  }

  std::size_t executed() {
    const auto text = read_text(node.place().path() / "executed");
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  hostile_server server;
  real_node node{
    {"OPENAI_BASE_URL=" + server.url() + "/v1", "OPENAI_API_KEY=a-key"}};
  json command;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cache_tests, fixture)

CAF_TEST(the second run executes nothing even after a restart) {
  deploy({{"model", {{"cache_policy", "inputs"}}},
          {"tools", {{"cache_policy", "inputs"}}}});
  node.start();
  server.play({calls_tool(), says("Rain.")});
  const auto first = run();
  node.kill9();
  node.start();
  const auto second = run();
  CAF_CHECK_EQUAL(second["output"], "Rain.");
  CAF_CHECK_EQUAL(server.connections(), 2u);
  CAF_CHECK_EQUAL(executed(), 1u);
  const auto id = first["id"].get<std::string>();
  const auto tasks = tasks_of(second);
  CAF_REQUIRE_EQUAL(tasks.size(), 3u);
  CAF_CHECK_EQUAL(tasks[0]["cached_from"], id + "/1/model");
  CAF_CHECK_EQUAL(tasks[1]["cached_from"], id + "/1/0");
  CAF_CHECK_EQUAL(tasks[2]["cached_from"], id + "/2/model");
  CAF_CHECK_EQUAL(second["usage"]["requests"], 2);
  CAF_CHECK_EQUAL(second["usage"]["input_tokens"], 0);
  for (const auto& task : tasks_of(first))
    CAF_CHECK(task["cached_from"].is_null());
}

CAF_TEST(a tool is cached by itself and for its time only) {
  deploy(
    {{"tools_by_name",
      {{"look", {{"cache_policy", "inputs"}, {"cache_expiration", 0.001}}}}}});
  node.start();
  for (int i = 0; i < 2; ++i) {
    server.play({calls_tool(), says("Rain.")});
    run();
  }
  CAF_CHECK_EQUAL(executed(), 2u);
}

CAF_TEST(another definition finds nothing unless it may) {
  const auto deploy_scoped = [&](const char* scope, const char* instructions) {
    deploy({{"tools", {{"cache_policy", "inputs"}, {"cache_scope", scope}}}},
           instructions);
    node.start();
    server.play({calls_tool(), says("Rain.")});
    run();
    node.kill9();
  };
  deploy_scoped("definition", "One.");
  deploy_scoped("definition", "Two.");
  CAF_CHECK_EQUAL(executed(), 2u);
  deploy_scoped("agent", "Three.");
  CAF_CHECK_EQUAL(executed(), 3u);
  deploy_scoped("agent", "Four.");
  CAF_CHECK_EQUAL(executed(), 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()

#define CAF_SUITE integration.deferred

#include "integration/recorded.hpp"
#include "tools/examples/replay/replay_server.hpp"

#include <caf/test/unit_test.hpp>

#include "support/real_node.hpp"
#include "support/waiting.hpp"

// The recording of a tool that needs approval and one whose result comes from
// outside, in both forms: the run waits, or it ends and another one goes on.

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr const char* name = "durable_approval_and_external_tool";

/// What the deleting tool says; creating is done outside.
constexpr std::string_view delete_program = "#!/bin/sh\necho true\n";

struct fixture {
  fixture() : from{name} {
    auto answers = replay::load_recording(PERDURE_SOURCE_DIR "/tests/data/wire/"
                                          + std::string{name} + ".json");
    CAF_REQUIRE(answers);
    auto started = replay::replay_server::start(std::move(*answers), {});
    CAF_REQUIRE(started);
    server = std::move(*started);
    node = std::make_unique<real_node>(std::vector<std::string>{
      "OPENAI_BASE_URL=" + server->url() + from.base_path(),
      "OPENAI_API_KEY=a-key"});
    node->write_node_file(
      {{"providers", {{"openai-chat", {{"stream", false}}}}}});
    node->write_agent("waits.json", agent("waits"));
    node->write_agent("ends.json", agent("ends"));
    node->start();
  }

  std::string agent(const char* then) {
    const auto program
      = node->place().write("delete", delete_program, true).string();
    json parameters{{"type", "object"}, {"additionalProperties", false}};
    parameters["properties"] = {{"path", {{"type", "string"}}}};
    parameters["required"] = {"path"};
    auto capabilities = json::array();
    capabilities.push_back(
      {{"External", {{"name", "create_file"}, {"parameters", parameters}}}});
    capabilities.push_back({{"Command",
                             {{"name", "delete_file"},
                              {"parameters", parameters},
                              {"argv", {program}}}}});
    capabilities.push_back({{"Approval", {{"tools", {"delete_file"}}}}});
    capabilities.push_back({{"DeferredTools", then}});
    return runtime::to_text({{"model", "openai-chat:gpt-4o"},
                             {"instructions", from.instructions()},
                             {"capabilities", std::move(capabilities)}});
  }

  void check_last_request() {
    const auto asked = server->asked();
    CAF_REQUIRE_EQUAL(asked.size(), 2u);
    CAF_CHECK_EQUAL(from.wire().messages(plain::parse(asked[1].body)),
                    from.wire().messages(from.request(1)));
  }

  recording from;
  std::unique_ptr<replay::replay_server> server;
  std::unique_ptr<real_node> node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(deferred_tests, fixture)

CAF_TEST(the run waits for the approval and for the result) {
  const auto& api = node->api();
  const auto created = api.post(
    "/v1/runs",
    runtime::to_text({{"agent", "waits"}, {"prompt", from.prompt()}}));
  const auto run_id = created.value()["id"].get<std::string>();
  const auto about = "/v1/runs/" + run_id;
  const auto open = api.wait_for_questions(run_id, 2);
  CAF_REQUIRE(open.is_array());
  CAF_CHECK_EQUAL(open[0]["tool_name"], "delete_file");
  CAF_CHECK_EQUAL(open[1]["tool_name"], "create_file");
  const auto decide = [&](json body, std::size_t at) {
    body["id"] = open[at]["id"];
    return api.post(about + "/approvals", runtime::to_text(body)).status;
  };
  CAF_CHECK_EQUAL(decide({{"decision", "approve"}}, 0), 200);
  CAF_CHECK_EQUAL(decide({{"decision", "answer"}, {"result", "Success"}}, 1),
                  200);
  const auto run = api.wait_for_state(run_id, "completed");
  CAF_CHECK_EQUAL(run["output"], from.response(1).text);
  check_last_request();
}

CAF_TEST(the run ends with what it wants and another one goes on) {
  const auto& api = node->api();
  const auto first = api.run({{"agent", "ends"}, {"prompt", from.prompt()}});
  CAF_REQUIRE_EQUAL(first["state"], "completed");
  const auto& wanted = first["output"];
  CAF_REQUIRE_EQUAL(wanted["approvals"].size(), 1u);
  CAF_REQUIRE_EQUAL(wanted["calls"].size(), 1u);
  const auto approval = wanted["approvals"][0]["tool_call_id"];
  const auto call = wanted["calls"][0]["tool_call_id"];
  json request{{"agent", "ends"}};
  request["message_history"]
    = api.get("/v1/runs/" + first["id"].get<std::string>() + "/messages")
        .value();
  auto& results = request["deferred_tool_results"];
  results["approvals"][approval.get<std::string>()] = true;
  // Both calls need an answer.
  CAF_CHECK_EQUAL(api.post("/v1/runs", runtime::to_text(request)).status, 400);
  results["calls"][call.get<std::string>()] = "Success";
  const auto second = api.run(request);
  CAF_REQUIRE_EQUAL(second["state"], "completed");
  CAF_CHECK_EQUAL(second["output"], from.response(1).text);
  check_last_request();
}

CAF_TEST_FIXTURE_SCOPE_END()

#define CAF_SUITE integration.provider_rows

#include "integration/provider_speech.hpp"
#include "tools/examples/replay/replay_server.hpp"

#include <caf/test/unit_test.hpp>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using replay::answer;
using runtime::json;

namespace {

/// How one provider is reached.
struct row {
  std::string model;
  std::string path;
  /// As `name=value`; empty for none.
  std::string query;
  std::string header;
  std::string value;
  speech_wire wire = speech_wire::chat;
};

const std::vector<row> rows{
  {"azure:gpt-4o", "/openai/deployments/gpt-4o/chat/completions",
   "api-version=2024-10-21", "api-key", "azure-key"},
  {"azure-responses:gpt-4o", "/openai/responses", "api-version=2024-10-21",
   "api-key", "azure-key", speech_wire::responses},
  {"bedrock-mantle:openai.gpt-oss-20b", "/mantle/v1/chat/completions", "",
   "authorization", "Bearer aws-key"},
  {"bedrock-mantle-responses:openai.gpt-oss-20b", "/mantle/v1/responses", "",
   "authorization", "Bearer aws-key", speech_wire::responses},
  {"snowflake:claude-4-sonnet", "/api/v2/cortex/v1/chat/completions", "",
   "authorization", "Bearer snow-key"},
  {"openrouter:x/y", "/router/chat/completions", "", "x-title", "Desk"},
};

struct fixture {
  fixture() {
    auto started = replay::replay_server::start({}, {});
    if (!started)
      CAF_FAIL(started.error().message);
    server = std::move(*started);
    const auto at = [&](const char* path) {
      return json{{"base_url", server->url() + path}};
    };
    node = std::make_unique<real_node>(std::vector<std::string>{
      "AZURE_OPENAI_ENDPOINT=" + server->url(),
      "AZURE_OPENAI_API_KEY=azure-key", "OPENAI_API_VERSION=2024-10-21",
      "AWS_BEARER_TOKEN_BEDROCK=aws-key", "SNOWFLAKE_TOKEN=snow-key",
      "OPENROUTER_API_KEY=router-key", "OPENROUTER_APP_TITLE=Desk"});
    node->write_node_file({{"providers",
                            {{"bedrock-mantle", at("/mantle/v1")},
                             {"bedrock-mantle-responses", at("/mantle/v1")},
                             {"snowflake", at("/api/v2/cortex/v1")},
                             {"openrouter", at("/router")}}}});
    node->write_agent("desk.json", R"({"model": "test"})");
    node->start();
  }

  std::unique_ptr<replay::replay_server> server;
  std::unique_ptr<real_node> node;
};

std::string query_of(const actors::server_request& request) {
  std::string out;
  for (const auto& [name, value] : request.query)
    out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(provider_rows_tests, fixture)

CAF_TEST(path and query and key of providers with an address of their own) {
  for (const auto& row : rows) {
    CAF_MESSAGE(row.model);
    answer said;
    said.content_type = event_stream;
    said.body = stream_of(row.wire, {"It ", "rains."});
    server->play({said}, 1);
    const auto run = node->api().run(
      {{"agent", "desk"}, {"prompt", "Rain?"}, {"model", row.model}});
    CAF_REQUIRE(run.is_object());
    CAF_CHECK_EQUAL(run["state"], "completed");
    CAF_CHECK_EQUAL(run["output"], "It rains.");
    const auto asked = server->asked();
    CAF_REQUIRE_EQUAL(asked.size(), 1u);
    const auto& request = asked.front();
    CAF_CHECK_EQUAL(request.method, "POST");
    CAF_CHECK_EQUAL(request.path, row.path);
    CAF_CHECK_EQUAL(query_of(request), row.query);
    CAF_CHECK_EQUAL(request.header(row.header), row.value);
    const auto body = json::parse(request.body);
    CAF_CHECK_EQUAL(body["model"], row.model.substr(row.model.find(':') + 1));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

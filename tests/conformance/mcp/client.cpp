// The client that the conformance suite of MCP judges: connects to the server
// whose URL is the last argument and does what the scenario in the environment
// wants.

#include "actors/edges/http_client.hpp"
#include "conformance/mcp/plain_client.hpp"

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "support/temp_dir.hpp"

namespace {

using perdure::runtime::json;
using perdure::tests::plain_client;
namespace mcp = perdure::runtime::mcp;

std::string variable(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

/// Something for each property.
json arguments_for(const json& tool) {
  json out = json::object();
  const auto properties
    = tool["inputSchema"].value("properties", json::object());
  for (const auto& [name, schema] : properties.items()) {
    const auto type = schema.value("type", "");
    out[name] = type == "string"    ? json("x")
                : type == "boolean" ? json(true)
                                    : json(2);
  }
  return out;
}

void read_all(plain_client& client) {
  const auto resources = client.result("resources/list");
  for (const auto& resource : resources["resources"])
    client.result("resources/read", {{"uri", resource["uri"]}});
  const auto prompts = client.result("prompts/list");
  for (const auto& prompt : prompts["prompts"])
    client.result("prompts/get", {{"name", prompt["name"]}});
}

void play(plain_client& client, const std::string& scenario,
          const json& context) {
  const auto tools = client.tools();
  if (scenario == "json-schema-ref-no-deref" || scenario == "initialize")
    return;
  if (scenario == "json-schema-2020-12-preservation") {
    const auto& schema = tools.at("json_schema_2020_12_tool")["inputSchema"];
    client.call_tool("json_schema_echo", {{"schema", schema}});
    return;
  }
  if (scenario == "http-standard-headers")
    read_all(client);
  if (const auto calls = context.find("toolCalls"); calls != context.end()) {
    for (const auto& call : *calls)
      client.call_tool(call["name"].get<std::string>(),
                       call.value("arguments", json::object()));
    return;
  }
  for (const auto& [name, tool] : tools)
    client.call_tool(name, arguments_for(tool));
}

/// A person who agrees to everything: goes where they are sent, and hands back
/// where that leads to.
class obedient_person final : public perdure::actors::http_receiver {
public:
  explicit obedient_person(std::function<void(std::string)> redirected)
    : redirected_(std::move(redirected)) {}

  void on_head(perdure::actors::http_head head) override {
    redirected_(std::string{head.header("location")});
  }

  void on_body(std::string) override {}
  void on_end(perdure::actors::http_failure) override {}

private:
  std::function<void(std::string)> redirected_;
};

perdure::actors::mcp_visitor make_visitor() {
  std::shared_ptr<perdure::actors::http_client> browser
    = perdure::actors::make_curl_http_client();
  return
    [browser](std::string url, std::function<void(std::string)> redirected) {
      perdure::actors::http_request request;
      request.method = "GET";
      request.url = std::move(url);
      browser->start(std::move(request),
                     std::make_shared<obedient_person>(std::move(redirected)));
    };
}

mcp::auth_options
authorization(const std::string& scenario, const json& context,
              const perdure::tests::temp_dir& folder) {
  mcp::auth_options out;
  if (!scenario.starts_with("auth/"))
    return out;
  out.kind = scenario.starts_with("auth/client-credentials")
               ? mcp::auth_kind::client_credentials
               : mcp::auth_kind::login;
  out.client_id = context.value("client_id", "");
  out.client_secret = context.value("client_secret", "");
  if (const auto key = context.value("private_key_pem", ""); !key.empty())
    out.private_key_file = folder.write("key.pem", key).string();
  out.client_metadata_url
    = "https://conformance-test.local/client-metadata.json";
  return out;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: client URL\n";
    return 2;
  }
  // The server is on this machine, whatever proxy it uses.
  ::setenv("no_proxy", "*", 1);
  mcp::server_options options;
  options.id = "conformance";
  options.transport = mcp::transport_kind::http;
  options.url = argv[argc - 1];
  options.version = variable("MCP_CONFORMANCE_PROTOCOL_VERSION");
  const auto context
    = json::parse(variable("MCP_CONFORMANCE_CONTEXT"), nullptr, false);
  const auto scenario = variable("MCP_CONFORMANCE_SCENARIO");
  const auto given = context.is_object() ? context : json::object();
  const perdure::tests::temp_dir folder;
  try {
    options.auth = authorization(scenario, given, folder);
    plain_client client{options, make_visitor()};
    play(client, scenario, given);
  } catch (const std::exception& problem) {
    std::cerr << "client: " << problem.what() << '\n';
    return 1;
  }
}

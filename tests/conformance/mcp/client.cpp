// The client that the conformance suite of MCP judges: connects to the server
// whose URL is the last argument and does what the scenario in the environment
// wants.

#include "conformance/mcp/plain_client.hpp"

#include <cstdlib>
#include <iostream>
#include <stdexcept>

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
  try {
    plain_client client{options};
    play(client, variable("MCP_CONFORMANCE_SCENARIO"),
         context.is_object() ? context : json::object());
  } catch (const std::exception& problem) {
    std::cerr << "client: " << problem.what() << '\n';
    return 1;
  }
}

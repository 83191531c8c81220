#define CAF_SUITE config.node_file

#include "config/node_file.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace perdure;
using namespace std::chrono_literals;

namespace {

std::optional<std::string> lookup(std::string_view name) {
  if (name == "OPENAI_API_KEY")
    return "env-key";
  if (name == "OPENAI_BASE_URL")
    return "http://env.example.org/v1/";
  if (name == "SAMBANOVA_BASE_URL")
    return "";
  if (name == "KEY")
    return "k1";
  return std::nullopt;
}

std::string problems(std::string_view text) {
  const auto node = config::parse_node_file(text, "node.json", lookup);
  if (node)
    return "";
  CAF_CHECK(node.error().code == runtime::errc::invalid_node_file);
  return node.error().message;
}

bool refuses(std::string_view text, const std::string& part) {
  const auto found = problems(text);
  if (found.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in: " << found);
  return false;
}

std::string none(std::string_view) {
  return {};
}

} // namespace

CAF_TEST(the example has the defaults) {
  std::ifstream input{PERDURE_SOURCE_DIR "/config/samples/node.json"};
  std::stringstream text;
  text << input.rdbuf();
  const auto node = config::parse_node_file(text.str(), "node.json", lookup);
  CAF_REQUIRE(node);
  const config::node_file defaults;
  CAF_CHECK_EQUAL(node->listen, defaults.listen);
  CAF_CHECK_EQUAL(node->data_dir, defaults.data_dir);
  CAF_CHECK_EQUAL(node->agents, defaults.agents);
  CAF_CHECK_EQUAL(node->log.format, defaults.log.format);
  CAF_CHECK_EQUAL(node->log.level, defaults.log.level);
  CAF_CHECK(node->providers.empty());
  CAF_CHECK_EQUAL(node->tls.ca_file, defaults.tls.ca_file);
  CAF_CHECK_EQUAL(node->limits.active_runs_max,
                  defaults.limits.active_runs_max);
  CAF_CHECK_EQUAL(node->limits.queued_runs_max,
                  defaults.limits.queued_runs_max);
  CAF_CHECK_EQUAL(node->limits.request_body_max_bytes,
                  defaults.limits.request_body_max_bytes);
  CAF_CHECK_EQUAL(node->limits.journal_bytes_max,
                  defaults.limits.journal_bytes_max);
  CAF_CHECK(node->limits.park_after == defaults.limits.park_after);
  // The example must name every key, or it would prove nothing.
  for (const auto* key :
       {"listen", "data_dir", "agents", "format", "level", "providers",
        "ca_file", "active_runs_max", "queued_runs_max",
        "request_body_max_bytes", "journal_bytes_max", "park_after_seconds"})
    CAF_CHECK(text.str().find("\"" + std::string{key} + "\":")
              != std::string::npos);
  CAF_CHECK(config::validate(defaults).empty());
}

CAF_TEST(an empty file has the defaults) {
  const auto node = config::parse_node_file("{}", "node.json", lookup);
  CAF_REQUIRE(node);
  CAF_CHECK_EQUAL(node->listen, "127.0.0.1:7437");
  CAF_CHECK_EQUAL(node->data_dir, "perdure-data");
}

CAF_TEST(all values) {
  const auto node = config::parse_node_file(R"({
    "$schema": "node.schema.json",
    "listen": "[::1]:0", "data_dir": "data", "agents": ["a.yaml", "/b"],
    "log": {"format": "json", "level": "debug"},
    "providers": {"openai": {"api_key": "${KEY}", "stream": false,
                             "headers": {"X-Team": "desk ${KEY}"}},
                  "house": {"wire": "openai-chat",
                            "base_url": "http://127.0.0.1:9/v1"}},
    "tls": {"ca_file": "ca.pem"},
    "limits": {"active_runs_max": 1, "queued_runs_max": 0,
               "request_body_max_bytes": 1024, "journal_bytes_max": 1048576,
               "park_after_seconds": 0.5}})",
                                            "/etc/perdure/node.json", lookup);
  CAF_REQUIRE(node);
  CAF_CHECK_EQUAL(node->listen, "[::1]:0");
  CAF_CHECK_EQUAL(node->data_dir, "/etc/perdure/data");
  CAF_CHECK_EQUAL(node->tls.ca_file, "/etc/perdure/ca.pem");
  CAF_CHECK_EQUAL(node->agents[0], "/etc/perdure/a.yaml");
  CAF_CHECK_EQUAL(node->agents[1], "/b");
  CAF_CHECK_EQUAL(node->log.level, "debug");
  CAF_CHECK(node->providers.at("openai").api_key == "k1");
  CAF_CHECK(!node->providers.at("openai").stream);
  CAF_CHECK_EQUAL(node->providers.at("openai").headers.at("X-Team"), "desk k1");
  CAF_CHECK_EQUAL(node->limits.queued_runs_max, 0u);
  CAF_CHECK(node->limits.park_after == 500ms);
}

CAF_TEST(all problems are told at once with their place) {
  CAF_CHECK_EQUAL(problems("{\n  \"listen\": \"here\",\n"
                           "  \"log\": {\"level\": \"loud\"},\n"
                           "  \"limit\": {}\n}"),
                  "node.json:2:13: listen: 'here' must be host:port, such as "
                  "127.0.0.1:7437 or [::1]:7437\n"
                  "node.json:3:20: log.level: unknown value 'loud'; valid: "
                  "trace, debug, info, warning, error\n"
                  "node.json:4:3: unknown key 'limit'; did you mean limits? "
                  "valid: $schema, listen, data_dir, agents, log, providers, "
                  "tls, limits");
}

CAF_TEST(wrong values are refused) {
  CAF_CHECK(refuses("", "1:1: expected a value"));
  CAF_CHECK(refuses("[]", "must be an object, is a list"));
  for (const auto* listen : {"", ":7437", "localhost", "a:b", "a:70000",
                             "::1:5", "[::1]", "http://a:5", "a b:5", "[]:5"})
    CAF_CHECK(refuses("{\"listen\": \"" + std::string{listen} + "\"}",
                      "must be host:port"));
  CAF_CHECK(refuses(R"({"listen": 5})", "must be a string"));
  CAF_CHECK(refuses(R"({"data_dir": ""})", "data_dir: must not be empty"));
  CAF_CHECK(refuses(R"({"agents": "a"})", "must be a list"));
  CAF_CHECK(refuses(R"({"agents": ["a", ""]})", "1:18: agents.1: must not be"));
  CAF_CHECK(refuses(R"({"log": []})", "must be an object"));
  CAF_CHECK(refuses(R"({"log": {"format": "xml"}})", "unknown value 'xml'"));
  CAF_CHECK(refuses(R"({"providers": []})", "must be an object"));
  CAF_CHECK(refuses(R"({"providers": {"openai": 5}})", "must be an object"));
  CAF_CHECK(refuses(R"({"providers": {"opnai": {}}})", "did you mean openai?"));
  CAF_CHECK(refuses(R"({"providers": {"House": {"wire": "openai-chat",
                       "base_url": "http://x"}}})",
                    "small letters"));
  CAF_CHECK(refuses(R"({"providers": {"test": {"wire": "openai-chat",
                       "base_url": "http://x"}}})",
                    "not be test"));
  CAF_CHECK(refuses(R"({"providers": {"house": {"wire": "openai-chat"}}})",
                    "needs wire and base_url"));
  CAF_CHECK(refuses(R"({"providers": {"house": {"wire": "soap",
                       "base_url": "http://x"}}})",
                    "unknown value 'soap'"));
  for (const auto* url : {"", "x", "ftp://x", "http://", "http:///x",
                          "http://a b", "https://a?b", "https://a#b"})
    CAF_CHECK(refuses(R"({"providers": {"openai": {"base_url": ")"
                        + std::string{url} + "\"}}}",
                      "providers.openai.base_url: must be an http"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"api_key": "a\nb"}}})",
                    "line breaks"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"api_key": "${GONE}"}}})",
                    "GONE is not set"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"stream": "no"}}})",
                    "must be true or false"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"headers": ["a"]}}})",
                    "must be an object of strings"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"headers": {"a b": "c"}}}})",
                    "not a valid HTTP header"));
  CAF_CHECK(
    refuses(R"({"providers": {"openai": {"headers": {"a": "c\r\nd"}}}})",
            "not a valid HTTP header"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"headers": {"a": 5}}}})",
                    "must be a string"));
  CAF_CHECK(refuses(R"({"limits": {"active_runs_max": 0}})",
                    "limits.active_runs_max: must be from 1"));
  CAF_CHECK(refuses(R"({"limits": {"active_runs_max": -1}})", "whole number"));
  CAF_CHECK(refuses(R"({"limits": {"active_runs_max": 1.5}})", "whole number"));
  CAF_CHECK(
    refuses(R"({"limits": {"queued_runs_max": 1e99}})", "whole number"));
  CAF_CHECK(refuses(R"({"limits": {"request_body_max_bytes": 10}})",
                    "must be from 1024"));
  CAF_CHECK(
    refuses(R"({"limits": {"journal_bytes_max": 10}})", "must be from"));
  CAF_CHECK(refuses(R"({"limits": {"park_after_seconds": 0}})", "seconds"));
}

CAF_TEST(a missing file is named) {
  const auto node = config::load_node_file("/nowhere/node.json", lookup);
  CAF_REQUIRE(!node);
  CAF_CHECK(node.error().message.find("/nowhere/node.json: cannot be read")
            != std::string::npos);
}

CAF_TEST(the file goes before the environment and that before the table) {
  config::node_file node;
  auto all = config::resolve_providers(node, lookup);
  CAF_CHECK_EQUAL(all.at("openai").api_key, "env-key");
  CAF_CHECK_EQUAL(all.at("openai").base_url, "http://env.example.org/v1");
  CAF_CHECK_EQUAL(all.at("openai").wire, "openai-responses");
  CAF_CHECK_EQUAL(all.at("openai-chat").wire, "openai-chat");
  CAF_CHECK_EQUAL(all.at("openai-chat").provider_name, "openai");
  CAF_CHECK(all.at("openai").stream);
  CAF_CHECK_EQUAL(all.at("sambanova").base_url, "https://api.sambanova.ai/v1");
  CAF_CHECK_EQUAL(all.at("ollama").base_url, "");
  CAF_CHECK_EQUAL(all.at("deepseek").api_key, "");
  auto& openai = node.providers["openai"];
  openai.base_url = "http://file.example.org//";
  openai.stream = false;
  openai.headers["X-A"] = "b";
  auto& house = node.providers["house"];
  house.base_url = "http://h";
  house.wire = "openai-chat";
  all = config::resolve_providers(node, lookup);
  CAF_CHECK_EQUAL(all.at("openai").base_url, "http://file.example.org");
  CAF_CHECK_EQUAL(all.at("openai").api_key, "env-key");
  CAF_CHECK(!all.at("openai").stream);
  CAF_CHECK_EQUAL(all.at("openai").headers.at("X-A"), "b");
  CAF_CHECK_EQUAL(all.at("house").provider_name, "house");
  CAF_CHECK_EQUAL(all.at("house").wire, "openai-chat");
  openai.api_key = "file-key";
  all = config::resolve_providers(node, none);
  CAF_CHECK_EQUAL(all.at("openai").api_key, "file-key");
}

CAF_TEST(keys are shown as each provider wants it) {
  config::node_file node;
  auto all = config::resolve_providers(node, none);
  CAF_CHECK_EQUAL(all.at("openai").auth, "bearer");
  CAF_CHECK_EQUAL(all.at("openai").api_key_variable, "OPENAI_API_KEY");
  CAF_CHECK_EQUAL(all.at("anthropic").auth, "x-api-key");
  CAF_CHECK_EQUAL(all.at("anthropic").api_version, "2023-06-01");
  CAF_CHECK_EQUAL(all.at("azure").auth, "api-key");
  node.providers["anthropic"].api_version = "2026-10-21";
  node.providers["openai"].auth = "X-Team-Key";
  auto& house = node.providers["house"];
  house.base_url = "http://h";
  house.wire = "anthropic";
  all = config::resolve_providers(node, none);
  CAF_CHECK_EQUAL(all.at("anthropic").auth, "bearer");
  CAF_CHECK_EQUAL(all.at("openai").auth, "X-Team-Key");
  CAF_CHECK_EQUAL(all.at("house").auth, "x-api-key");
  // A server of one's own may want none.
  CAF_CHECK_EQUAL(all.at("house").api_key_variable, "");
  CAF_CHECK(refuses(R"({"providers": {"openai": {"auth": "a b"}}})",
                    "must be bearer, or the name of the header"));
  CAF_CHECK(refuses(R"({"providers": {"openai": {"api_version": "a/b"}}})",
                    "must have 1 to 32 letters"));
}

CAF_TEST(what the environment says of providers) {
  const auto lookup_of = [](std::map<std::string, std::string> values) {
    return [values](std::string_view name) -> std::optional<std::string> {
      const auto found = values.find(std::string{name});
      if (found == values.end())
        return std::nullopt;
      return found->second;
    };
  };
  const config::node_file node;
  auto all = config::resolve_providers(
    node, lookup_of({{"SNOWFLAKE_ACCOUNT", "acme"},
                     {"DASHSCOPE_API_KEY", "k2"},
                     {"AZURE_OPENAI_ENDPOINT", "https://a.example.org/"},
                     {"OPENAI_API_VERSION", "2024-10-21"},
                     {"OPENROUTER_APP_TITLE", "Desk"}}));
  CAF_CHECK_EQUAL(all.at("snowflake").base_url,
                  "https://acme.snowflakecomputing.com/api/v2/cortex/v1");
  CAF_CHECK_EQUAL(all.at("alibaba").api_key, "k2");
  CAF_CHECK_EQUAL(all.at("azure").base_url, "https://a.example.org");
  CAF_CHECK_EQUAL(all.at("azure").api_version, "2024-10-21");
  CAF_CHECK_EQUAL(all.at("azure").path_prefix, "/openai/deployments/{model}");
  CAF_CHECK_EQUAL(all.at("azure").query, "api-version={api_version}");
  CAF_CHECK_EQUAL(all.at("azure-responses").path_prefix, "/openai");
  CAF_CHECK_EQUAL(all.at("openrouter").headers.at("X-Title"), "Desk");
  CAF_CHECK_EQUAL(all.at("openrouter").headers.size(), 1u);
  CAF_CHECK_EQUAL(all.at("bedrock-mantle").base_url, "");
  CAF_CHECK_EQUAL(all.at("bedrock-mantle").base_url_variable, "AWS_REGION");
  // The newer endpoints of Azure are laid out like OpenAI's own.
  all = config::resolve_providers(
    node,
    lookup_of({{"AZURE_OPENAI_ENDPOINT", "https://a.example.org/openai/v1"}}));
  CAF_CHECK_EQUAL(all.at("azure").path_prefix, "");
  CAF_CHECK_EQUAL(all.at("azure").query, "");
  CAF_CHECK_EQUAL(all.at("azure").auth, "api-key");
}

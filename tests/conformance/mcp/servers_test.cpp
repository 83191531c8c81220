#define CAF_SUITE conformance.mcp.servers

#include "conformance/mcp/outside_programs.hpp"
#include "conformance/mcp/outside_server.hpp"
#include "conformance/mcp/plain_client.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <future>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;

namespace {

const auto no_proxy = ::setenv("no_proxy", "*", 1);

mcp::server_options stdio(std::vector<std::string> argv) {
  mcp::server_options out;
  out.id = "outside";
  out.argv = std::move(argv);
  return out;
}

mcp::server_options http(std::string url) {
  mcp::server_options out;
  out.id = "outside";
  out.transport = mcp::transport_kind::http;
  out.url = std::move(url);
  return out;
}

std::vector<std::string>
program_of(const std::string& package, const std::string& argument = {}) {
  std::vector<std::string> out{
    node_js(),
    module_file("@modelcontextprotocol/" + package + "/dist/index.js")};
  if (!argument.empty())
    out.push_back(argument);
  return out;
}

std::string first_text(const json& result) {
  return result["content"][0]["text"].get<std::string>();
}

/// What the server for everything can do, over any transport.
void check_everything(const mcp::server_options& options) {
  plain_client client{options};
  const auto tools = client.tools();
  CAF_CHECK(tools.size() >= 13);
  CAF_CHECK_EQUAL(first_text(client.call_tool("echo", {{"message", "hé\n"}})),
                  "Echo: hé\n");
  const auto status = client.status();
  CAF_CHECK(status.era == mcp::era::legacy);
  CAF_CHECK_EQUAL(status.version, "2025-11-25");
  CAF_CHECK_EQUAL(status.server_info["name"], "mcp-servers/everything");
  mcp::call_request slow;
  slow.wants_progress = true;
  client.call_tool("trigger-long-running-operation",
                   {{"duration", 1}, {"steps", 4}}, slow);
  CAF_CHECK(client.progress() >= 3);
  // The server asks a person in the middle of the call.
  CAF_CHECK(
    first_text(client.call_tool("trigger-elicitation-request", json::object()))
      .find("provided")
    != std::string::npos);
  const auto resources = client.result("resources/list")["resources"];
  CAF_REQUIRE(!resources.empty());
  const auto read
    = client.result("resources/read", {{"uri", resources[0]["uri"]}});
  CAF_CHECK(!read["contents"].empty());
  CAF_CHECK(!client.result("prompts/list")["prompts"].empty());
  const auto completed = client.result(
    "completion/complete",
    {{"ref", {{"type", "ref/prompt"}, {"name", "completable-prompt"}}},
     {"argument", {{"name", "name"}, {"value", "B"}}},
     {"context", {{"arguments", {{"department", "Engineering"}}}}}});
  CAF_CHECK_EQUAL(completed["completion"]["values"][0], "Bob");
}

void check_modern(const mcp::server_options& options) {
  plain_client client{options};
  CAF_CHECK_EQUAL(client.tools().size(), 2u);
  CAF_CHECK_EQUAL(first_text(client.call_tool("greet", {{"name", "Åsa"}})),
                  "Hello Åsa (modern)");
  mcp::call_request count;
  count.wants_progress = true;
  client.call_tool("count", {{"to", 4}}, count);
  CAF_CHECK(client.progress() >= 3);
  const auto status = client.status();
  CAF_CHECK(status.era == mcp::era::modern);
  CAF_CHECK_EQUAL(status.version, "2026-07-28");
  CAF_CHECK_EQUAL(status.instructions, "Be kind.");
}

/// What the server on Python's SDK does.
void check_python(const mcp::server_options& options, mcp::era era) {
  plain_client client{options};
  CAF_CHECK_EQUAL(client.tools().size(), 5u);
  const auto weather = client.call_tool("weather", {{"city", "Malmö"}});
  const auto& structured = weather["structuredContent"];
  CAF_CHECK_EQUAL(structured["city"], "Malmö");
  CAF_CHECK_EQUAL(structured["degrees"], 12.5);
  mcp::call_request count;
  count.wants_progress = true;
  client.call_tool("count", {{"to", 3}}, count);
  CAF_CHECK(client.progress() >= 3);
  const auto refused = client.call_tool("refuse", json::object());
  CAF_CHECK_EQUAL(refused.value("isError", false), true);
  const auto greeted = client.call_tool("greet", {{"greeting", "Hej"}});
  CAF_CHECK_EQUAL(first_text(greeted), "Hej x");
  const auto read = client.result("resources/read", {{"uri", "note://today"}});
  CAF_CHECK_EQUAL(read["contents"][0]["text"], "Buy milk.");
  const auto prompt = client.result(
    "prompts/get", {{"name", "review"}, {"arguments", {{"topic", "tea"}}}});
  CAF_CHECK_EQUAL(prompt["messages"][0]["content"]["text"], "Review tea.");
  const auto status = client.status();
  CAF_CHECK(status.era == era);
  CAF_CHECK_EQUAL(status.instructions, "Be brief.");
}

void check_python(const std::string& version, mcp::era era) {
  check_python(stdio(python_server(version, {"stdio"})), era);
  const outside_server server{python_server(version, {"http", "PORT"})};
  check_python(http(server.url("/mcp")), era);
}

} // namespace

CAF_TEST(everything over pipes) {
  check_everything(stdio(program_of("server-everything", "stdio")));
}

CAF_TEST(everything over Streamable HTTP) {
  const outside_server server{
    program_of("server-everything", "streamableHttp")};
  check_everything(http(server.url("/mcp")));
}

CAF_TEST(everything over HTTP with server sent events) {
  const outside_server server{program_of("server-everything", "sse")};
  auto options = http(server.url("/sse"));
  // It is found out that the server knows nothing else; or it is said.
  check_everything(options);
  options.transport = mcp::transport_kind::sse;
  check_everything(options);
}

CAF_TEST(files) {
  temp_dir folder;
  folder.write("note.txt", "what was noted\n");
  plain_client client{
    stdio(program_of("server-filesystem", folder.path().string()))};
  CAF_CHECK(client.tools().contains("read_text_file"));
  const auto file = folder.path() / "note.txt";
  CAF_CHECK(
    first_text(client.call_tool("read_text_file", {{"path", file.string()}}))
      .find("what was noted")
    != std::string::npos);
  const auto refused
    = client.call_tool("read_text_file", {{"path", "/etc/passwd"}});
  CAF_CHECK_EQUAL(refused.value("isError", false), true);
}

CAF_TEST(memory) {
  temp_dir folder;
  auto options = stdio(program_of("server-memory"));
  options.env["MEMORY_FILE_PATH"] = (folder.path() / "memory").string();
  plain_client client{options};
  client.call_tool("create_entities", {{"entities",
                                        {{{"name", "Ann"},
                                          {"entityType", "person"},
                                          {"observations", {"likes tea"}}}}}});
  const auto found = client.call_tool("search_nodes", {{"query", "tea"}});
  CAF_CHECK(first_text(found).find("Ann") != std::string::npos);
}

CAF_TEST(the modern era over pipes) {
  check_modern(stdio(
    {node_js(), (mcp_directory / "servers/modern.mjs").string(), "stdio"}));
}

CAF_TEST(the modern era over HTTP) {
  const outside_server server{{node_js(),
                               (mcp_directory / "servers/modern.mjs").string(),
                               "http", "PORT"}};
  check_modern(http(server.url("/mcp")));
}

CAF_TEST(the first generation of the Python SDK) {
  check_python("1.30", mcp::era::legacy);
}

CAF_TEST(the second generation of the Python SDK) {
  check_python("2.3", mcp::era::modern);
}

CAF_TEST(a server that is killed in the middle of a call comes back) {
  temp_dir folder;
  const auto pid_file = folder.path() / "pid";
  auto argv = program_of("server-everything", "stdio");
  argv.insert(
    argv.begin(),
    {"sh", "-c", "echo $$ > " + pid_file.string() + "; exec \"$@\"", "sh"});
  plain_client client{stdio(argv)};
  client.tools();
  mcp::call_request slow;
  slow.method = "tools/call";
  slow.params = {{"name", "trigger-long-running-operation"},
                 {"arguments", {{"duration", 1'000}, {"steps", 2}}}};
  auto outcome
    = std::async(std::launch::async, [&] { return client.call(slow); });
  CAF_REQUIRE(wait_until([&] { return client.status().calls_in_flight == 1; }));
  ::kill(std::stoi(read_text(pid_file)), SIGKILL);
  const auto lost = outcome.get();
  const auto* failure = std::get_if<mcp::call_failure>(&lost);
  CAF_REQUIRE(failure != nullptr);
  CAF_CHECK(failure->kind == mcp::call_failure_kind::lost);
  CAF_CHECK(failure->is_retryable());
  CAF_CHECK_EQUAL(first_text(client.call_tool("echo", {{"message", "a"}})),
                  "Echo: a");
  CAF_CHECK_EQUAL(client.status().restarts, 1u);
}

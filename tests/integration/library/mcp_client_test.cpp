// A program that calls an MCP server by itself, without agents and runs.

#define CAF_SUITE library.mcp_client

#include "integration/library/support.hpp"

#include <caf/test/unit_test.hpp>

#include <future>
#include <perdure/mcp_client.hpp>

using namespace perdure::tests;
using perdure::json;
using perdure::mcp_client;

namespace {

constexpr std::string_view server_program = R"(#!/usr/bin/env python3
import json, sys

def text(value):
    return [{"type": "text", "text": str(value)}]

answers = {
    "initialize": lambda p: {"protocolVersion": "2025-06-18", "capabilities": {},
                             "serverInfo": {"name": "s", "version": "1"}},
    "tools/list": lambda p: {"tools": [{"name": "b"}]} if p.get("cursor") else
                            {"tools": [{"name": "a"}], "nextCursor": "x"},
    "tools/call": lambda p: {"content": text(p["arguments"]["n"] + 1)} if p["name"] == "add" else
                            {"content": text("no"), "isError": True},
    "resources/read": lambda p: {"contents": [{"uri": p["uri"], "text": "seven"}]},
    "prompts/get": lambda p: {"messages": [{"role": "user",
                                            "content": text("Hi " + p["arguments"]["who"])[0]}]},
}

for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    out = {"jsonrpc": "2.0", "id": asked["id"]}
    method, params = asked["method"], asked.get("params", {})
    if method == "die":
        sys.exit(3)
    if method in answers and params.get("uri") != "x:none":
        out["result"] = answers[method](params)
    else:
        out["error"] = {"code": -32601 if method not in answers else -32002, "message": "no such thing"}
    print(json.dumps(out), flush=True)
)";

struct fixture {
  fixture()
    : program(place.write("server.py", server_program, true).string()),
      client({.id = "sums", .command = {program}}) {}

  temp_dir place;
  std::string program;
  mcp_client client;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(mcp_client_tests, fixture)

CAF_TEST(tools are listed and called) {
  const auto tools = client.list_tools();
  CAF_REQUIRE_EQUAL(tools.size(), 2u);
  CAF_CHECK_EQUAL(tools[1]["name"], "b");
  const auto sum = client.call_tool("add", {{"n", 41}});
  CAF_CHECK_EQUAL(sum["content"][0]["text"], "42");
  const auto failed = client.call_tool("fail");
  CAF_CHECK_EQUAL(failed["isError"], true);
}

CAF_TEST(resources and prompts are read) {
  const auto contents = client.read_resource("x:y");
  CAF_CHECK_EQUAL(contents[0]["text"], "seven");
  const auto prompt = client.get_prompt("hi", {{"who", "Ann"}});
  CAF_CHECK_EQUAL(prompt["messages"][0]["content"]["text"], "Hi Ann");
  // It has no lists of them.
  CAF_CHECK(client.list_resources().empty());
  CAF_CHECK(client.list_resource_templates().empty());
  CAF_CHECK(client.list_prompts().empty());
}

CAF_TEST(what is refused is thrown) {
  CAF_CHECK_EQUAL(refusal([&] { (void)client.read_resource("x:none"); }),
                  "mcp_error");
  const mcp_client gone{{.id = "gone", .command = {"no-such-server"}}};
  CAF_CHECK_EQUAL(refusal([&] { (void)gone.list_tools(); }), "mcp_unavailable");
  CAF_CHECK_EQUAL(refusal([] { mcp_client{{.id = "none"}}; }),
                  "invalid_argument");
}

CAF_TEST(many threads call at once) {
  std::vector<std::future<bool>> all;
  for (int i = 0; i < 32; ++i)
    all.push_back(std::async(std::launch::async, [this, i] {
      const auto result = client.call_tool("add", {{"n", i}});
      return result["content"][0]["text"] == std::to_string(i + 1);
    }));
  CAF_CHECK(
    std::all_of(all.begin(), all.end(), [](auto& one) { return one.get(); }));
}

CAF_TEST_FIXTURE_SCOPE_END()

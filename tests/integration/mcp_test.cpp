#define CAF_SUITE integration.mcp

#include "integration/people_fixture.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// A server of 2025-11-25 over standard input and output. `add` adds, `greet`
/// asks for a name first, `slow` waits for a file `go`, `quote` has the model
/// say something and then waits for that file as well. Every call that begins
/// is a line of the file `calls`, and so is every read of the resource `x:y`,
/// which waits for `go`, too. `visit` sends a person to a page and says that
/// they were there when there is a file `visited`. `research` is a task of the
/// server, which is done when there is a file `go` and outlives the server.
/// What the client can do is in the file `abilities`.
constexpr std::string_view server_program = R"(#!/usr/bin/env python3
import json, os, sys, time

os.chdir(os.environ["PLACE"])

def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

def text(value):
    return {"content": [{"type": "text", "text": str(value)}]}

number = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
tools = [{"name": name, "description": name, "inputSchema": number}
         for name in ("add", "greet", "slow", "huge", "visit", "quote")]
tools.append({"name": "research", "description": "research", "inputSchema": number,
              "execution": {"taskSupport": "required"}})
form = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}

def task(status):
    then = "2026-01-02T03:04:05Z"
    return {"taskId": "t1", "status": status, "createdAt": then, "lastUpdatedAt": then,
            "ttl": 600000, "pollInterval": 50}

def ask(method, params):
    send({"id": 1, "method": method, "params": params})
    return json.loads(sys.stdin.readline())

def wait():
    while not os.path.exists("go"):
        time.sleep(0.02)

def quote():
    said = ask("sampling/createMessage", {
        "messages": [{"role": "user", "content": {"type": "text", "text": "Say it."}}],
        "systemPrompt": "You are a parrot.", "maxTokens": 20})
    with open("said", "a") as log:
        log.write("x\n")
    wait()
    if "error" in said:
        return text("refused: " + said["error"]["message"])
    return text("quote: " + said["result"]["content"]["text"])

def call(params):
    name, n = params["name"], params["arguments"]["n"]
    with open("calls", "a") as log:
        log.write(name + "\n")
    if name == "add":
        return text(n + 1)
    if name == "research":
        return {"task": task("working")} if "task" in params else text("no task")
    if name == "huge":
        return text("x" * 50_000_000)
    if name == "slow":
        wait()
        return text("done")
    if name == "quote":
        return quote()
    if name == "visit":
        send({"id": 2, "method": "elicitation/create",
              "params": {"mode": "url", "message": "Visit us.", "elicitationId": "e1",
                         "url": "https://example.org/visit"}})
        while not os.path.exists("visited"):
            time.sleep(0.02)
        send({"method": "notifications/elicitation/complete", "params": {"elicitationId": "e1"}})
        return text(json.loads(sys.stdin.readline())["result"]["action"])
    answer = ask("elicitation/create",
                 {"message": "Who are you?", "requestedSchema": form})["result"]
    return text("Hello " + answer.get("content", {}).get("name", answer["action"]))

def read(params):
    with open("calls", "a") as log:
        log.write("read\n")
    while not os.path.exists("go"):
        time.sleep(0.02)
    return {"contents": [{"uri": params["uri"], "text": "seven"}]}

for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if "id" not in request or method is None:
        continue
    if method == "initialize":
        with open("abilities", "w") as log:
            log.write(" ".join(sorted(request["params"]["capabilities"])))
        result = {"protocolVersion": "2025-11-25",
                  "capabilities": {"tools": {}, "resources": {},
                                   "tasks": {"requests": {"tools": {"call": {}}}}},
                  "serverInfo": {"name": "sums", "version": "1"},
                  "instructions": "Sums are whole."}
    elif method == "tools/list":
        result = {"tools": tools}
    elif method == "tools/call":
        result = call(request["params"])
    elif method == "resources/read" and request["params"]["uri"] == "x:y":
        result = read(request["params"])
    elif method == "tasks/get" and request["params"]["taskId"] == "t1":
        result = task("completed" if os.path.exists("go") else "working")
    elif method == "tasks/result" and request["params"]["taskId"] == "t1":
        result = text("found")
    elif method == "completion/complete":
        begin = request["params"]["argument"]["value"]
        result = {"completion": {"values": [x for x in ("apple", "apricot", "plum")
                                            if x.startswith(begin)]}}
    elif method == "ping":
        result = {}
    else:
        send({"id": request["id"], "error": {"code": -32601, "message": "no " + method}})
        continue
    send({"id": request["id"], "result": result})
)";

struct fixture {
  fixture() {
    program
      = people.node.place().write("server.py", server_program, true).string();
  }

  json server() const {
    json out{{"id", "sums"}, {"command", program}};
    out["env"] = {{"PLACE", people.node.place().path().string()}};
    return out;
  }

  /// The model calls `tool` once and ends.
  void write_agent(const std::string& name, const std::string& tool) {
    people.write_agent(name, tool, nullptr, {{{"MCP", server()}}});
  }

  /// The model calls `quote`, says something for the server, and ends.
  void write_quoting_agent(bool may_sample) {
    const auto script = people.node.place().write("quotes.json", R"({
      "responses": [
        {"tool_calls": [{"tool": "quote", "args": {"n": 1}}],
         "usage": {"input_tokens": 10, "output_tokens": 1}},
        {"text": "Polly.", "usage": {"input_tokens": 5, "output_tokens": 2}},
        {"text": "All done."}]})");
    auto parrot = server();
    parrot["sampling"] = may_sample;
    json agent{{"model", "script:" + script.string()}};
    agent["capabilities"] = json::array({json{{"MCP", std::move(parrot)}}});
    people.node.write_agent("parrot.json", runtime::to_text(agent));
  }

  std::string written(const char* name) const {
    return read_text(people.node.place().path() / name);
  }

  json tasks(const std::string& run_id) {
    return people.node.api()
      .get("/v1/runs/" + run_id + "/tasks")
      .value()["tasks"];
  }

  std::string calls() const {
    return written("calls");
  }

  people_node people;
  std::string program;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(mcp_tests, fixture)

CAF_TEST(a run lists the tools of its server and calls one) {
  write_agent("desk", "add");
  people.start();
  const auto run_id = people.create("desk");
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "2");
  CAF_CHECK_EQUAL(calls(), "add\n");
  const auto rows = tasks(run_id);
  CAF_REQUIRE_EQUAL(rows.size(), 4u);
  CAF_CHECK_EQUAL(rows[0]["kind"], "mcp_request");
  CAF_CHECK_EQUAL(rows[0]["state"], "completed");
  CAF_CHECK_EQUAL(rows[2]["tool_name"], "add");
  const auto servers = people.node.api().get("/v1/mcp").value()["servers"];
  CAF_REQUIRE_EQUAL(servers.size(), 1u);
  CAF_CHECK_EQUAL(servers[0]["state"], "ready");
  CAF_CHECK_EQUAL(servers[0]["era"], "legacy");
  CAF_CHECK_EQUAL(servers[0]["tools"].size(), 7u);
  CAF_CHECK_EQUAL(servers[0]["instructions"], "Sums are whole.");
}

CAF_TEST(a call that the node died in is made again) {
  write_agent("desk", "slow");
  people.start();
  const auto run_id = people.create("desk");
  CAF_CHECK(wait_until([this] { return calls() == "slow\n"; }));
  people.node.kill9();
  people.go();
  people.start();
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "done");
  CAF_CHECK_EQUAL(calls(), "slow\nslow\n");
  const auto rows = tasks(run_id);
  CAF_CHECK_EQUAL(
    std::count_if(rows.begin(), rows.end(),
                  [](const json& row) { return row["kind"] == "mcp_request"; }),
    1);
}

CAF_TEST(a resource is read as a task that survives the node) {
  json server{{"id", "sums"}, {"command", program}, {"resources", true}};
  server["env"] = {{"PLACE", people.node.place().path().string()}};
  people.write_agent("desk", "read_resource", nullptr,
                     {{{"MCP", std::move(server)}}}, {{"uri", "x:y"}});
  people.start();
  const auto run_id = people.create("desk");
  CAF_CHECK(wait_until([this] { return calls() == "read\n"; }));
  people.node.kill9();
  people.go();
  people.start();
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "seven");
  CAF_CHECK_EQUAL(calls(), "read\nread\n");
  const auto rows = tasks(run_id);
  CAF_CHECK_EQUAL(rows[2]["tool_name"], "read_resource");
  CAF_CHECK_EQUAL(rows[2]["state"], "completed");
}

CAF_TEST(a task of the server is asked for again and not begun again) {
  write_agent("desk", "research");
  people.start();
  const auto run_id = people.create("desk");
  // Its id is kept.
  const auto journal = "/v1/runs/" + run_id + "/journal";
  CAF_CHECK(wait_until([&] {
    return people.node.api().get(journal).body.find("task_noted")
           != std::string::npos;
  }));
  people.node.kill9();
  people.go();
  people.start();
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "found");
  CAF_CHECK_EQUAL(calls(), "research\n");
}

CAF_TEST(what a server asks is a question with a form) {
  write_agent("desk", "greet");
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(question["kind"], "elicitation");
  CAF_CHECK_EQUAL(question["metadata"]["server"], "sums");
  CAF_CHECK_EQUAL(question["metadata"]["message"], "Who are you?");
  CAF_CHECK_EQUAL(people.decide(question, {{"decision", "approve"}}).status,
                  400);
  const json answer{{"decision", "approve"}, {"arguments", {{"name", "Ann"}}}};
  CAF_CHECK_EQUAL(people.decide(question, answer).status, 200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "Hello Ann");
}

CAF_TEST(a person who was at the page need not say so) {
  write_agent("desk", "visit");
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  CAF_CHECK_EQUAL(question["metadata"]["url"], "https://example.org/visit");
  people.node.place().write("visited", "");
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "accept");
  // It is not open any more.
  CAF_CHECK_EQUAL(people.decide(question, {{"decision", "deny"}}).status, 409);
}

CAF_TEST(an answer that comes after a crash is not asked for again) {
  write_agent("desk", "greet");
  people.start();
  const auto run_id = people.create("desk");
  const auto question = people.question_of(run_id);
  people.node.kill9();
  people.start();
  const json answer{{"decision", "approve"}, {"arguments", {{"name", "Bo"}}}};
  CAF_CHECK_EQUAL(people.decide(question, answer).status, 200);
  CAF_CHECK_EQUAL(people.end_state(run_id), "completed");
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "Hello Bo");
  CAF_CHECK_EQUAL(calls(), "greet\ngreet\n");
}

CAF_TEST(a server has the model of the run say something) {
  write_quoting_agent(true);
  people.go();
  people.start();
  const auto run_id = people.create("parrot");
  const auto run = people.ended(run_id);
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "quote: Polly.");
  CAF_CHECK_EQUAL(run["output"], "All done.");
  CAF_CHECK_EQUAL(run["usage"]["requests"], 3);
  CAF_CHECK_EQUAL(written("abilities"), "elicitation sampling");
  const auto rows = tasks(run_id);
  const auto sampled
    = std::find_if(rows.begin(), rows.end(),
                   [](const json& row) { return row["kind"] == "sampling"; });
  CAF_REQUIRE(sampled != rows.end());
  CAF_CHECK_EQUAL((*sampled)["tool_name"], "quote");
  CAF_CHECK_EQUAL((*sampled)["usage"]["output_tokens"], 2);
  // It is charged to the run.
  for (const auto* tokens : {"input_tokens", "output_tokens"}) {
    int sum = 0;
    for (const auto& row : rows)
      if (row["usage"].is_object())
        sum += row["usage"][tokens].get<int>();
    CAF_CHECK_EQUAL(run["usage"][tokens], sum);
  }
}

CAF_TEST(what the model said for a server is not paid for again) {
  write_quoting_agent(true);
  people.start();
  const auto run_id = people.create("parrot");
  CAF_CHECK(wait_until([this] { return written("said") == "x\n"; }));
  people.node.kill9();
  people.go();
  people.start();
  const auto run = people.ended(run_id);
  CAF_CHECK_EQUAL(run["usage"]["requests"], 3);
  CAF_CHECK_EQUAL(people.told(run_id, "content"), "quote: Polly.");
  CAF_CHECK_EQUAL(written("said"), "x\nx\n");
}

CAF_TEST(a server that may not have the model speak is not offered it) {
  write_quoting_agent(false);
  people.go();
  people.start();
  const auto run_id = people.create("parrot");
  const auto run = people.ended(run_id);
  CAF_CHECK_EQUAL(run["output"], "Polly.");
  CAF_CHECK_EQUAL(people.told(run_id, "content"),
                  "refused: the client does not sample");
  CAF_CHECK_EQUAL(written("abilities"), "elicitation");
}

CAF_TEST(a result of 50 MB names the limit that it is over) {
  write_agent("desk", "huge");
  people.start();
  const auto run = people.ended(people.create("desk"));
  CAF_CHECK_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"]["type"], "mcp_error");
  const auto message = run["error"]["message"].get<std::string>();
  CAF_CHECK(message.find("MCP server 'sums'") != std::string::npos);
  CAF_CHECK(message.find("33554432 bytes") != std::string::npos);
  CAF_CHECK(message.find("max_message_bytes") != std::string::npos);
}

CAF_TEST(a program that is not there fails the run at once) {
  people.write_agent(
    "desk", "add", nullptr,
    {{{"MCP", {{"id", "gone"}, {"command", "no-such-server"}}}}});
  people.start();
  const auto run_id = people.create("desk");
  const auto run = people.ended(run_id);
  CAF_CHECK_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"]["type"], "mcp_unavailable");
  const auto message = run["error"]["message"].get<std::string>();
  CAF_CHECK(message.find("cannot start no-such-server") != std::string::npos);
  // It is named once.
  CAF_CHECK_EQUAL(message.find("MCP server"), message.rfind("MCP server"));
  const auto rows = tasks(run_id);
  CAF_CHECK_EQUAL(rows[0]["attempts"], 1);
}

CAF_TEST(servers can be called without a run) {
  write_agent("desk", "add");
  people.start();
  auto& api = people.node.api();
  const auto called = api.post("/v1/mcp/sums/call",
                               R"({"name": "add", "arguments": {"n": 41}})");
  CAF_CHECK_EQUAL(called.status, 200);
  const auto answer = called.value();
  CAF_CHECK_EQUAL(answer["result"]["content"][0]["text"], "42");
  CAF_CHECK_EQUAL(api.post("/v1/mcp/sums/tools", "").status, 200);
  const auto completed = api.post("/v1/mcp/sums/complete", R"({
    "ref": {"type": "ref/prompt", "name": "fruit"},
    "argument": {"name": "kind", "value": "ap"}})");
  CAF_CHECK_EQUAL(completed.status, 200);
  const auto values = completed.value()["result"]["completion"]["values"];
  CAF_CHECK_EQUAL(runtime::to_text(values), R"(["apple","apricot"])");
  CAF_CHECK_EQUAL(api.post("/v1/mcp/sums/complete", R"({"ref": {}})").status,
                  400);
  CAF_CHECK_EQUAL(api.post("/v1/mcp/sums/dance", "").status, 404);
  CAF_CHECK_EQUAL(api.post("/v1/mcp/sums/call", "{}").status, 400);
  CAF_CHECK_EQUAL(api.get("/v1/mcp/nobody").status, 404);
  CAF_CHECK_EQUAL(api.post("/v1/mcp/sums/read", R"({"uri": "x:z"})").status,
                  502);
}

CAF_TEST_FIXTURE_SCOPE_END()

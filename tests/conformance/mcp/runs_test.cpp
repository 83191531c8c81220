#define CAF_SUITE conformance.mcp.runs

#include "actors/edges/http_server.hpp"
#include "conformance/mcp/outside_programs.hpp"
#include "conformance/mcp/outside_server.hpp"
#include "runtime/json.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <map>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::size_t many = 200;

/// A provider of chat completions on loopback whose model reads its prompt as
/// `TOOL ARGUMENTS`, calls the tool, and repeats what came back.
class obedient_model {
public:
  obedient_model() {
    actors::http_server_options options;
    options.port = 0;
    auto server = actors::start_http_server(
      options, [](const std::shared_ptr<actors::server_exchange>& exchange) {
        exchange->respond(200, "application/json",
                          runtime::to_text(answer(exchange->request())));
      });
    CAF_REQUIRE(server);
    server_ = std::move(*server);
  }

  ~obedient_model() {
    server_->stop(std::chrono::milliseconds{0});
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/v1";
  }

private:
  static json answer(const actors::server_request& request) {
    const auto body = json::parse(request.body);
    const auto& messages = body["messages"];
    const auto& last = messages.back();
    json message{{"role", "assistant"}};
    if (last["role"] == "tool") {
      message["content"] = last["content"];
    } else {
      const auto prompt = last["content"].get<std::string>();
      const auto space = prompt.find(' ');
      json function{{"name", prompt.substr(0, space)}};
      function["arguments"] = prompt.substr(space + 1);
      json call{{"id", "call_1"}, {"type", "function"}};
      call["function"] = std::move(function);
      message["content"] = nullptr;
      message["tool_calls"] = json::array({std::move(call)});
    }
    json choice{{"index", 0}, {"finish_reason", "stop"}};
    choice["message"] = std::move(message);
    json out{{"id", "answer"}, {"model", "obedient"}};
    out["choices"] = json::array({std::move(choice)});
    out["usage"] = {{"prompt_tokens", 1}, {"completion_tokens", 1}};
    return out;
  }

  std::unique_ptr<actors::http_server> server_;
};

json over_pipes(const std::vector<std::string>& argv) {
  json out{{"id", "outside"}, {"command", argv.front()}};
  out["args"] = std::vector<std::string>(argv.begin() + 1, argv.end());
  return out;
}

json over_http(const std::string& url) {
  return {{"id", "outside"}, {"url", url}};
}

struct desk {
  /// @param server the arguments of the capability MCP
  explicit desk(json server) {
    json provider{{"base_url", model.url()}, {"api_key", "none"}};
    provider["stream"] = false;
    json file;
    file["providers"]["openai-chat"] = std::move(provider);
    node.write_node_file(file);
    json capability;
    capability["MCP"] = std::move(server);
    json agent{{"model", "openai-chat:obedient"}};
    agent["capabilities"] = json::array({std::move(capability)});
    node.write_agent("desk.json", runtime::to_text(agent));
    node.start();
  }

  /// @returns the id of a run that calls `tool`
  std::string begin(const std::string& tool, const json& arguments) {
    const json request{{"agent", "desk"},
                       {"prompt", tool + " " + runtime::to_text(arguments)}};
    const auto answer = node.api().post("/v1/runs", runtime::to_text(request));
    if (answer.status != 201)
      CAF_FAIL("no run: " << answer.body);
    return answer.value()["id"].get<std::string>();
  }

  /// Waits for the end. @returns what the run's call gave
  std::string result(const std::string& run_id) {
    const auto run = node.api().wait_for_state(run_id, "completed");
    CAF_REQUIRE(run.is_object());
    if (run["state"] != "completed")
      CAF_FAIL("it did not complete: " << runtime::to_text(run));
    return run["output"].get<std::string>();
  }

  std::string call(const std::string& tool, const json& arguments) {
    return result(begin(tool, arguments));
  }

  /// Answers what the server asks in this run.
  void accept(const std::string& run_id, const json& content) {
    const auto open = node.api().wait_for_questions(run_id);
    CAF_REQUIRE(open.is_array());
    const auto& question = open[0];
    CAF_CHECK_EQUAL(question["kind"], "elicitation");
    const json decision{{"decision", "approve"}, {"arguments", content}};
    const auto id = question["id"].get<std::string>();
    CAF_CHECK_EQUAL(
      node.api().post("/v1/approvals/" + id, runtime::to_text(decision)).status,
      200);
  }

  obedient_model model;
  real_node node;
};

std::vector<std::string> everything(const std::string& transport) {
  return {node_js(),
          module_file("@modelcontextprotocol/server-everything/dist/index.js"),
          transport};
}

void check_everything(const json& server) {
  desk it{server};
  CAF_CHECK_EQUAL(it.call("echo", {{"message", "hé\n"}}), "Echo: hé\n");
  const auto sum = it.call("get-sum", {{"a", 2}, {"b", 40}});
  CAF_CHECK_EQUAL(sum, "The sum of 2 and 40 is 42.");
  const auto asking = it.begin("trigger-elicitation-request", json::object());
  it.accept(asking, {{"name", "Ann"}, {"check", true}});
  CAF_CHECK(it.result(asking).find("Ann") != std::string::npos);
}

void check_python(const json& server) {
  desk it{server};
  const auto weather = json::parse(it.call("weather", {{"city", "Malmö"}}));
  CAF_CHECK_EQUAL(weather["city"], "Malmö");
  CAF_CHECK_EQUAL(weather["is_raining"], true);
  const auto greeting = it.begin("greet", {{"greeting", "Hej"}});
  it.accept(greeting, {{"name", "Bo"}});
  CAF_CHECK_EQUAL(it.result(greeting), "Hej Bo");
}

} // namespace

CAF_TEST(everything over pipes in runs) {
  check_everything(over_pipes(everything("stdio")));
}

CAF_TEST(everything over Streamable HTTP in runs) {
  const outside_server server{everything("streamableHttp")};
  check_everything(over_http(server.url("/mcp")));
}

CAF_TEST(everything over HTTP with server sent events in runs) {
  const outside_server server{everything("sse")};
  check_everything(over_http(server.url("/sse")));
}

CAF_TEST(both generations of the Python SDK in runs) {
  for (const auto* version : {"1.30", "2.3"}) {
    CAF_MESSAGE(version);
    check_python(over_pipes(python_server(version, {"stdio"})));
    const outside_server server{python_server(version, {"http", "PORT"})};
    check_python(over_http(server.url("/mcp")));
  }
}

// Goal: an answer of a server belongs to the run that waits for it.
// Method: one server over pipes answers the calls of many runs, each with a
// text of its own, in an order of chance.
CAF_TEST(many runs share one server and no answer is mixed up) {
  for (const auto* version : {"1.30", "2.3"}) {
    CAF_MESSAGE(version);
    desk it{over_pipes(python_server(version, {"stdio"}))};
    std::map<std::string, std::string> said;
    for (std::size_t i = 0; i < many; ++i) {
      const auto text = "number " + std::to_string(i);
      said.emplace(it.begin("repeat", {{"text", text}}), text);
    }
    CAF_CHECK_EQUAL(said.size(), many);
    for (const auto& [run_id, text] : said)
      CAF_CHECK_EQUAL(it.result(run_id), text);
    const auto servers = it.node.api().get("/v1/mcp").value()["servers"];
    CAF_REQUIRE_EQUAL(servers.size(), 1u);
    CAF_CHECK_EQUAL(servers[0]["restarts"], 0);
  }
}

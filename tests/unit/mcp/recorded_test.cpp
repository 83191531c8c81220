#define CAF_SUITE mcp.recorded

#include "runtime/sse_decoder.hpp"
#include "unit/mcp/driver.hpp"

#include <fstream>
#include <sstream>

using namespace perdure::mcp_test;

namespace {

json recording() {
  std::ifstream file{std::string{PERDURE_SOURCE_DIR}
                     + "/tests/data/wire/durable_mcp_streamable_http.json"};
  std::ostringstream text;
  text << file.rdbuf();
  auto value = parse_json(text.str());
  CAF_REQUIRE(value);
  return *value;
}

/// Plays the recorded exchanges with the MCP server, one after another.
class player {
public:
  player() {
    const auto recorded = recording();
    for (const auto& exchange : recorded["exchanges"])
      if (exchange["request"]["path"] == "/mcp")
        exchanges_.push_back(exchange);
  }

  /// Hands the next recorded answer to the request `sent`, whose id in the
  /// recording is another.
  void answer(driver& it, send sent) {
    CAF_REQUIRE(at_ < exchanges_.size());
    const auto& recorded = exchanges_[at_++];
    CAF_CHECK_EQUAL(recorded["request"]["body"]["method"], sent.method);
    const auto id = recorded["request"]["body"].value("id", json{});
    sse_decoder decoder;
    std::vector<sse_event> events;
    CAF_REQUIRE(
      decoder.feed(recorded["response"]["body"].get<std::string>(), events));
    std::vector<step> steps;
    for (const auto& event : events) {
      auto message = parse_json(event.data);
      CAF_REQUIRE(message);
      if (message->contains("id") && (*message)["id"] == id)
        (*message)["id"] = static_cast<std::int64_t>(sent.exchange);
      it.hear(to_text(*message), sent.exchange);
      steps.insert(steps.end(), it.steps.begin(), it.steps.end());
    }
    it.steps = std::move(steps);
  }

private:
  std::vector<json> exchanges_;
  std::size_t at_ = 0;
};

} // namespace

CAF_TEST(the recorded exchange runs as it was recorded) {
  auto options = http_options();
  options.remembered = era::legacy;
  driver it{options};
  player server;

  it.open();
  server.answer(it, it.one<send>());
  const auto open = it.one<ready>();
  CAF_CHECK_EQUAL(open.version, "2025-11-25");
  CAF_CHECK_EQUAL(open.server_info["name"], "DeepWiki");
  CAF_CHECK(open.instructions.starts_with("DeepWiki MCP provides"));
  server.answer(it, it.one<send>());

  call_request listing;
  listing.method = "tools/list";
  listing.all_pages = true;
  it.call(listing);
  server.answer(it, it.one<send>());
  const auto tools = result_of(it)["tools"];
  CAF_REQUIRE_EQUAL(tools.size(), 3u);
  CAF_CHECK_EQUAL(tools[2]["name"], "ask_question");
  CAF_CHECK_EQUAL(to_text(tools[0]["inputSchema"]),
                  R"({"properties":{"repoName":{"type":"string"}},)"
                  R"("required":["repoName"],"type":"object"})");

  it.open();
  server.answer(it, it.one<send>());
  server.answer(it, it.one<send>());
  it.call(tool_call("ask_question", {{"repoName", "pydantic/pydantic-ai"}}));
  server.answer(it, it.one<send>());
  CAF_CHECK_EQUAL(it.one<logged>().logger, "deepwiki.ask_question");
  CAF_CHECK_EQUAL(result_of(it)["content"][0]["type"], "text");
}

#define CAF_SUITE models.return_schema

#include "runtime/agent/join_tools.hpp"
#include "runtime/models/request_plan.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

// What a model is told of the results of tools.

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

tool_definition counter() {
  tool_definition tool;
  tool.name = "count";
  tool.description = "Counts.";
  tool.return_schema = {{"type", "integer"}};
  tool.tells_return_schema = true;
  return tool;
}

agent_definition with(tool_definition tool) {
  agent_definition definition;
  definition.tools.push_back(std::move(tool));
  return definition;
}

/// The tool as a model of this provider is told of it.
wire_tool told(const char* provider, tool_definition tool) {
  return plan_requests(with(std::move(tool)), profile_of(provider, "m"))
    .tools.at(0);
}

} // namespace

CAF_TEST(a schema of results goes behind the description) {
  const auto tool = told("openai", counter());
  CAF_CHECK_EQUAL(tool.description,
                  "Counts.\n\nReturn schema:\n\n{\n  \"type\": \"integer\"\n}");
  CAF_CHECK(tool.returns.is_null());
  auto nameless = counter();
  nameless.description.clear();
  CAF_CHECK(
    told("openai", nameless).description.starts_with("Return schema:\n\n{"));
}

CAF_TEST(gemini has a field for it) {
  const auto tool = told("google", counter());
  CAF_CHECK_EQUAL(tool.description, "Counts.");
  CAF_CHECK_EQUAL(tool.returns.dump(), R"({"type":"integer"})");
  const auto talk = codec_for("google")->converse(
    {{"google", "http://x", "gemini-2.5-flash"},
     std::make_shared<agent_definition>(with(counter())),
     true,
     profile_of("google", "gemini-2.5-flash")});
  model_request first;
  first.parts.push_back(user_prompt_part{"hello", {}});
  CAF_REQUIRE(talk->add(first));
  const auto body = json::parse(whole_body(talk->request({})));
  const auto& declared
    = body.at("tools").at(0).at("functionDeclarations").at(0);
  CAF_CHECK_EQUAL(declared.at("responseJsonSchema").dump(),
                  R"({"type":"integer"})");
}

CAF_TEST(nothing is told unless it is asked for and known) {
  auto silent = counter();
  silent.tells_return_schema = false;
  CAF_CHECK_EQUAL(told("openai", silent).description, "Counts.");
  CAF_CHECK(told("google", silent).returns.is_null());
  auto unknown = counter();
  unknown.return_schema = nullptr;
  CAF_CHECK_EQUAL(told("openai", unknown).description, "Counts.");
  CAF_CHECK(told("google", unknown).returns.is_null());
}

CAF_TEST(a server says what its tools return ) {
  agent_definition base;
  base.mcp_servers.emplace_back().id = "files";
  tool_rule rule;
  rule.selector = json::array({"read"});
  rule.tells_return_schema = true;
  base.tool_rules.push_back(rule);
  tool_listing listing;
  listing.server = "files";
  for (const auto* name : {"read", "write"})
    listing.tools.push_back({{"name", name},
                             {"inputSchema", {{"type", "object"}}},
                             {"outputSchema", {{"type", "object"}}}});
  const auto joined = join_tools(base, {listing}, {});
  CAF_REQUIRE(joined);
  const auto* read = (*joined)->tool("read");
  const auto* write = (*joined)->tool("write");
  CAF_REQUIRE(read != nullptr && write != nullptr);
  CAF_CHECK_EQUAL(read->return_schema.dump(), R"({"type":"object"})");
  CAF_CHECK(read->tells_return_schema);
  CAF_CHECK(!write->tells_return_schema);
}

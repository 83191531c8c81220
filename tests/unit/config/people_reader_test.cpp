#define CAF_SUITE config.people_reader

#include "config/agent_file.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace std::chrono_literals;
using runtime::on_expiry;
using runtime::tool_kind;

namespace {

std::optional<std::string> lookup(std::string_view) {
  return std::nullopt;
}

runtime::result<config::loaded_agent> try_load(const std::string& entries) {
  return config::load_agent_text("model: test\ncapabilities:\n" + entries,
                                 config::agent_format::yaml, "agents/desk.yaml",
                                 lookup);
}

config::loaded_agent load(const std::string& entries) {
  auto agent = try_load(entries);
  if (!agent)
    CAF_FAIL("refused: " << agent.error().message);
  return std::move(*agent);
}

bool refuses(const std::string& entries, const std::string& part) {
  const auto agent = try_load(entries);
  if (agent)
    return false;
  CAF_MESSAGE(agent.error().message);
  return agent.error().message.find(part) != std::string::npos;
}

const std::string tools = "- Command: {name: look, argv: [a]}\n"
                          "- Command: {name: wipe, argv: [b]}\n"
                          "- External: {name: ask_boss}\n";

std::string approved(const config::loaded_agent& agent) {
  std::string out;
  for (const auto& tool : agent.definition.tools)
    if (tool.requires_approval)
      out += tool.name + " ";
  return out;
}

} // namespace

CAF_TEST(approval is for the tools that the selector means) {
  CAF_CHECK_EQUAL(approved(load(tools)), "");
  CAF_CHECK_EQUAL(approved(load(tools + "- Approval")), "look wipe ask_boss ");
  CAF_CHECK_EQUAL(approved(load(tools + "- Approval: {tools: all}")),
                  "look wipe ask_boss ");
  CAF_CHECK_EQUAL(approved(load(tools + "- Approval: {tools: [wipe]}")),
                  "wipe ");
  CAF_CHECK_EQUAL(approved(load(tools
                                + "- Approval: {tools: {risk: high}}\n"
                                  "- SetToolMetadata: {tools: [look], "
                                  "risk: high}")),
                  "look ");
}

CAF_TEST(approvals expire as the file says) {
  const auto agent = load(tools
                          + "- Approval: {tools: [look]}\n"
                            "- Approval: {tools: [wipe], "
                            "expires_after_seconds: 90, on_expiry: fail}");
  const auto& look = *agent.definition.tool("look");
  CAF_CHECK(!look.expires_after);
  CAF_CHECK(look.on_expiry == on_expiry::deny);
  const auto& wipe = *agent.definition.tool("wipe");
  CAF_CHECK(wipe.expires_after == 90s);
  CAF_CHECK(wipe.on_expiry == on_expiry::fail);
}

CAF_TEST(a selector that means no tool is told of) {
  const auto agent = load(tools + "- Approval: {tools: {risk: high}}");
  CAF_REQUIRE_EQUAL(agent.warnings.size(), 1u);
  CAF_CHECK(agent.warnings[0].find("there is no such tool")
            != std::string::npos);
  CAF_CHECK(refuses(tools + "- Approval: {tools: [wype]}",
                    "unknown tool 'wype'; did you mean wipe?"));
}

CAF_TEST(an external tool is one whose result comes from outside) {
  const auto agent = load(R"(
- External:
    name: ask_boss
    description: Asks the boss.
    parameters: {type: object, properties: {q: {type: string}}, required: [q]}
    expires_after_seconds: 86400
    on_expiry: fail
)");
  const auto* tool = agent.definition.tool("ask_boss");
  CAF_REQUIRE(tool != nullptr);
  CAF_CHECK(tool->kind == tool_kind::external);
  CAF_CHECK_EQUAL(tool->description, "Asks the boss.");
  CAF_CHECK(tool->expires_after == 24h);
  CAF_CHECK(tool->on_expiry == on_expiry::fail);
  CAF_REQUIRE(tool->schema != nullptr);
  CAF_CHECK(!tool->schema->validate(runtime::json::object()).empty());
}

CAF_TEST(an approval without expiry leaves that of an external tool alone) {
  const auto agent
    = load("- External: {name: a, expires_after_seconds: 5}\n- Approval");
  CAF_CHECK(agent.definition.tool("a")->expires_after == 5s);
  CAF_CHECK(agent.definition.tool("a")->requires_approval);
}

CAF_TEST(names of tools are unique whatever their kind) {
  CAF_CHECK(refuses(tools + "- External: {name: look}",
                    "the tool 'look' is already at line 3"));
}

CAF_TEST(a run waits for people unless told to end) {
  const auto ends = [](const std::string& entry) {
    return load("- " + entry).definition.ends_when_deferred;
  };
  CAF_CHECK(!ends("Thinking"));
  CAF_CHECK(!ends("DeferredTools: waits"));
  CAF_CHECK(ends("DeferredTools: ends"));
  CAF_CHECK(ends("DeferredTools: {run: ends}"));
  CAF_CHECK(ends("{name: DeferredTools, arguments: [ends]}"));
  CAF_CHECK(refuses("- DeferredTools: soon", "must be waits"));
  CAF_CHECK(refuses("- DeferredTools", "must be waits"));
}

CAF_TEST(fallback models are checked like the model) {
  const auto agent
    = load("- Fallback: {models: [openai:gpt-5, \"script:b.json\"]}");
  const std::vector<std::string> expected{"openai:gpt-5",
                                          "script:agents/b.json"};
  CAF_CHECK_EQUAL(agent.definition.fallback_models, expected);
  CAF_CHECK(refuses("- Fallback: {models: [openai:gpt-5, gpt]}",
                    "capabilities[0].Fallback.models[1]: must be "
                    "provider:model"));
  CAF_CHECK(refuses("- Fallback: {models: []}", "must be a list of models"));
  CAF_CHECK(refuses("- Fallback", "'models' is missing"));
}

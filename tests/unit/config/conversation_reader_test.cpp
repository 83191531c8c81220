#define CAF_SUITE config.conversation_reader

#include "config/agent_file.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;

namespace {

std::optional<std::string> no_variables(std::string_view) {
  return std::nullopt;
}

runtime::result<config::loaded_agent>
try_load(const std::string& model, const std::string& entries) {
  return config::load_agent_text(
    "model: " + model + "\ncapabilities:\n  - " + entries + "\n",
    config::agent_format::yaml, "desk.yaml", no_variables);
}

config::loaded_agent
load(const std::string& model, const std::string& entries) {
  auto agent = try_load(model, entries);
  if (!agent)
    CAF_FAIL("refused: " << agent.error().message);
  return std::move(*agent);
}

bool refuses(const std::string& model, const std::string& entries,
             const std::string& part) {
  const auto agent = try_load(model, entries);
  if (agent)
    return false;
  CAF_MESSAGE(agent.error().message);
  return agent.error().message.find(part) != std::string::npos;
}

const std::string claude = "anthropic:claude-sonnet-4-5";
const std::string two_tools
  = "Command: {name: a, argv: [x], return_schema: {type: integer}}\n"
    "  - External: {name: b, return_schema: {type: string}}\n";

/// Names of the tools whose model is told what they return.
std::string told(const std::string& entry) {
  std::string names;
  for (const auto& tool :
       load("test", two_tools + "  - " + entry).definition.tools)
    if (tool.tells_return_schema)
      names += tool.name;
  return names;
}

} // namespace

CAF_TEST(a filter may fail the run) {
  CAF_CHECK(
    load("test", "RaiseContentFilterError").definition.fails_when_filtered);
  CAF_CHECK(!load("test", "Limits").definition.fails_when_filtered);
  CAF_CHECK(refuses("test", "RaiseContentFilterError: {a: 1}", "unknown key"));
  CAF_CHECK(refuses("test", "RaiseContentFilterError: 5", "named arguments"));
}

CAF_TEST(system prompts may be dropped) {
  for (const auto* entry :
       {"ReinjectSystemPrompt: true",
        "ReinjectSystemPrompt: {replace_existing: true}",
        "{name: ReinjectSystemPrompt, arguments: [true]}"}) {
    const auto agent = load("test", entry);
    CAF_CHECK(agent.definition.drops_system_prompts);
    CAF_CHECK(agent.warnings.empty());
  }
  const auto plain = load("test", "ReinjectSystemPrompt");
  CAF_CHECK(!plain.definition.drops_system_prompts);
  CAF_REQUIRE_EQUAL(plain.warnings.size(), 1u);
  CAF_CHECK(plain.warnings[0].find("has no effect") != std::string::npos);
  CAF_CHECK(refuses("test", "ReinjectSystemPrompt: maybe", "true or false"));
}

CAF_TEST(a model may be told what tools return ) {
  CAF_CHECK_EQUAL(told("Limits"), "");
  CAF_CHECK_EQUAL(told("IncludeToolReturnSchemas"), "ab");
  CAF_CHECK_EQUAL(told("IncludeToolReturnSchemas: all"), "ab");
  CAF_CHECK_EQUAL(told("IncludeToolReturnSchemas: [b]"), "b");
  CAF_CHECK_EQUAL(told("IncludeToolReturnSchemas: {tools: [a]}"), "a");
  CAF_CHECK_EQUAL(told("SetToolMetadata: {tools: [a], kind: x}\n"
                       "  - IncludeToolReturnSchemas: {tools: {kind: x}}"),
                  "a");
  CAF_CHECK(
    refuses("test", "IncludeToolReturnSchemas: [c]", "unknown tool 'c'"));
  const auto agent = load("test", two_tools);
  CAF_CHECK_EQUAL(agent.definition.tools[0].return_schema.dump(),
                  R"({"type":"integer"})");
  // Tools of servers are not known yet.
  const auto served
    = load("test", "MCP: {url: 'http://h/mcp'}\n  - IncludeToolReturnSchemas");
  CAF_REQUIRE_EQUAL(served.definition.tool_rules.size(), 1u);
  CAF_CHECK(served.definition.tool_rules[0].tells_return_schema);
}

CAF_TEST(compaction is a setting of its provider) {
  const auto setting
    = [](const std::string& model, const std::string& entry, const char* name) {
        return runtime::to_text(
          load(model, entry).definition.model_settings.at(name));
      };
  CAF_CHECK_EQUAL(
    setting(claude, "AnthropicCompaction", "anthropic_context_management"),
    R"({"edits":[{"type":"compact_20260112",)"
    R"("trigger":{"type":"input_tokens","value":150000}}]})");
  CAF_CHECK_EQUAL(
    setting(claude,
            "AnthropicCompaction: {token_threshold: 60000, instructions: "
            "Short.}",
            "anthropic_context_management"),
    R"({"edits":[{"type":"compact_20260112",)"
    R"("trigger":{"type":"input_tokens","value":60000},)"
    R"("instructions":"Short."}]})");
  CAF_CHECK_EQUAL(setting("openai:gpt-5",
                          "OpenAICompaction: {token_threshold: 9000}",
                          "openai_context_management"),
                  R"([{"type":"compaction","compact_threshold":9000}])");
}

CAF_TEST(compaction that cannot be is refused) {
  CAF_CHECK(refuses(claude, "AnthropicCompaction: {token_threshold: 100}",
                    "at least 50000"));
  CAF_CHECK(refuses(claude,
                    "AnthropicCompaction: {pause_after_compaction: "
                    "true}",
                    "nobody who would act"));
  CAF_CHECK(refuses("openai:gpt-5", "OpenAICompaction: {stateless: true}",
                    "not supported"));
  CAF_CHECK(refuses("openai:gpt-5",
                    "OpenAICompaction: {message_count_threshold: 5}",
                    "not supported"));
  CAF_CHECK(refuses("openai:gpt-5", "AnthropicCompaction",
                    "wire format "
                    "anthropic"));
  CAF_CHECK(refuses("openai-chat:gpt-4o", "OpenAICompaction",
                    "wire format openai-responses"));
  // A model that is asked later may speak it.
  CAF_CHECK(
    load("openai:gpt-5",
         "AnthropicCompaction\n  - Fallback: {models: [" + claude + "]}")
      .definition.model_settings.contains("anthropic_context_management"));
  const auto twice = config::load_agent_text(
    "model: " + claude
      + "\nmodel_settings: {anthropic_context_management: {}}\n"
        "capabilities: [AnthropicCompaction]\n",
    config::agent_format::yaml, "desk.yaml", no_variables);
  CAF_REQUIRE(!twice);
  CAF_CHECK(twice.error().message.find("says it already") != std::string::npos);
}

#define CAF_SUITE config.native_reader

#include "config/agent_file.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;

namespace {

std::optional<std::string> no_variables(std::string_view) {
  return std::nullopt;
}

runtime::result<config::loaded_agent> load(const std::string& text) {
  return config::load_agent_text(text, config::agent_format::yaml, "desk.yaml",
                                 no_variables);
}

/// The native tools of an agent that is well.
std::string tools_of(const std::string& model, const std::string& entry) {
  const auto agent
    = load("model: " + model + "\ncapabilities:\n  - " + entry + "\n");
  if (!agent)
    return agent.error().message;
  return runtime::to_text(runtime::to_json(agent->definition.native_tools));
}

bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in: " << text);
  return false;
}

bool refuses(const std::string& model, const std::string& entry,
             const std::string& part) {
  return contains(tools_of(model, entry), part);
}

const std::string gpt = "openai:gpt-5";
const std::string claude = "anthropic:claude-sonnet-4-5";

} // namespace

CAF_TEST(all ways to write a native tool) {
  const std::string plain = R"([{"kind":"web_search"}])";
  CAF_CHECK_EQUAL(tools_of(gpt, "WebSearch"), plain);
  CAF_CHECK_EQUAL(tools_of(gpt, "WebSearch: {native: true}"), plain);
  CAF_CHECK_EQUAL(tools_of(gpt, "NativeTool: {kind: web_search}"), plain);
  CAF_CHECK_EQUAL(tools_of(gpt, "NativeTool: {tool: {kind: web_search}}"),
                  plain);
  CAF_CHECK_EQUAL(
    tools_of(gpt, "{name: NativeTool, arguments: {kind: web_search}}"), plain);
  CAF_CHECK_EQUAL(
    tools_of(claude, "WebSearch: {max_uses: 3, allowed_domains: [a.org]}"),
    R"([{"kind":"web_search","max_uses":3,"allowed_domains":["a.org"]}])");
  CAF_CHECK_EQUAL(
    tools_of(claude, "WebFetch: {native: {max_uses: 2}, local: false}"),
    R"([{"kind":"web_fetch","max_uses":2}])");
  CAF_CHECK_EQUAL(
    tools_of("openai:gpt-4o", "ImageGeneration: {image_model: gpt-image-1}"),
    R"([{"kind":"image_generation","model":"gpt-image-1"}])");
  CAF_CHECK_EQUAL(
    tools_of(gpt, "NativeTool: {kind: web_fetch, optional: true}"),
    R"([{"kind":"web_fetch","optional":true}])");
}

CAF_TEST(a model that lacks a native tool is refused with the file) {
  CAF_CHECK(refuses(gpt, "WebFetch",
                    "desk.yaml:3:3: capabilities: the native tool web_fetch "
                    "cannot be used with the model openai:gpt-5: it has "
                    "web_search"));
  CAF_CHECK(refuses("openai-chat:gpt-5", "WebSearch", "it has none"));
  CAF_CHECK(refuses("google:gemini-2.5-flash", "WebSearch: {max_uses: 1}",
                    "it cannot be held to max_uses"));
  CAF_CHECK(refuses(claude, "WebFetch\n  - Fallback: {models: [openai:gpt-5]}",
                    "cannot be used with the model openai:gpt-5"));
  // Providers of the node file are not known yet.
  CAF_CHECK_EQUAL(tools_of("house:m", "WebSearch"),
                  R"([{"kind":"web_search"}])");
}

CAF_TEST(posts on X are searched by their own provider alone) {
  CAF_CHECK_EQUAL(
    tools_of("xai:grok-4", "XSearch: {allowed_x_handles: [a, b]}"),
    R"([{"kind":"x_search","allowed_x_handles":["a","b"]}])");
  CAF_CHECK(refuses(gpt, "XSearch", "cannot be used with the model"));
  CAF_CHECK(refuses("xai:grok-4",
                    "XSearch: {allowed_x_handles: [a], excluded_x_handles: "
                    "[b]}",
                    "not both"));
}

CAF_TEST(wrong native tools are refused) {
  CAF_CHECK(refuses(gpt, "NativeTool: {}", "'kind' is missing; valid: "));
  CAF_CHECK(refuses(gpt, "NativeTool: {kind: x}", "unknown native tool 'x'"));
  CAF_CHECK(refuses(gpt, "NativeTool: {kind: web_search, optional: 1}",
                    "optional must be true or false"));
  CAF_CHECK(refuses(gpt, "WebSearch: {depth: 1}",
                    "unknown option 'depth' of web_search; valid: "));
  CAF_CHECK(refuses(gpt, "WebSearch: {native: false}", "native: false needs"));
  CAF_CHECK(refuses(gpt, "WebSearch\n  - NativeTool: {kind: web_search}",
                    "is there twice"));
  CAF_CHECK(refuses(claude, "NativeTool: {kind: memory}",
                    "wants a tool named 'memory'"));
  CAF_CHECK_EQUAL(tools_of(claude,
                           "NativeTool: {kind: memory}\n  - External: {name: "
                           "memory}"),
                  R"([{"kind":"memory"}])");
}

CAF_TEST(model settings are checked) {
  const auto problem = [](const std::string& settings) {
    const auto agent
      = load("model: openai:gpt-5\nmodel_settings: " + settings + "\n");
    return agent ? std::string{} : agent.error().message;
  };
  CAF_CHECK_EQUAL(problem("{max_tokens: 5, anthropic_cache: true}"), "");
  CAF_CHECK(contains(problem("{max_tokens: 5, temprature: 1}"),
                     "desk.yaml:2:45: model_settings.temprature: unknown "
                     "setting 'temprature'; valid: max_tokens, "));
  CAF_CHECK(contains(problem("{max_tokens: many}"),
                     "model_settings.max_tokens: must be integer"));
  CAF_CHECK(contains(problem("{max_retries: 2}"), "Durability.model"));
  CAF_CHECK_EQUAL(problem("{first_event_timeout: 2.5}"), "");
  CAF_CHECK(contains(problem("{cache: true}"), "anthropic_cache"));
  for (const auto* name : {"citations", "framing_announcement"})
    CAF_CHECK(contains(problem("{" + std::string{name} + ": true}"),
                       "has no place here"));
}

CAF_TEST(model settings without effect are warnings) {
  const auto agent
    = load("model: openai:gpt-5\nmodel_settings: {stop_sequences: [x], "
           "mistral_safe_prompt: true}\n");
  CAF_REQUIRE(agent);
  CAF_REQUIRE_EQUAL(agent->warnings.size(), 2u);
  CAF_CHECK(contains(agent->warnings[0], "sends no such settings"));
  CAF_CHECK(contains(agent->warnings[1], "openai-responses has no such"));
}

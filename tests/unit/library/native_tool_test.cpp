// Tools that providers run, as a program asks for them.

#define CAF_SUITE library.native_tool

#include "runtime/agent/definition.hpp"
#include "tools/library/agent_parts.hpp"

#include <caf/test/unit_test.hpp>

#include <perdure/agent.hpp>

using perdure::agent;
using perdure::json;
namespace native = perdure::native;

namespace {

agent searcher() {
  return agent{{.name = "searcher", .model = "test"}};
}

/// The native tools of an agent that was told of `tool` alone.
std::string stored(const perdure::native_tool& tool) {
  auto built = searcher();
  built.native_tool(tool);
  return perdure::runtime::to_text(
    perdure::runtime::to_json(built.built().definition.native_tools));
}

std::string refusal(agent& built, const perdure::native_tool& tool) {
  try {
    built.native_tool(tool);
    return {};
  } catch (const perdure::error& reason) {
    return reason.what();
  }
}

} // namespace

CAF_TEST(every kind has a type) {
  CAF_CHECK_EQUAL(
    stored(native::web_search{.search_context_size = "low",
                              .user_location = {{"city", "Oslo"}},
                              .allowed_domains = {"a.org"},
                              .max_uses = 3,
                              .external_web_access = false}),
    R"([{"kind":"web_search","search_context_size":"low",)"
    R"("user_location":{"city":"Oslo"},"allowed_domains":["a.org"],)"
    R"("max_uses":3,"external_web_access":false}])");
  CAF_CHECK_EQUAL(
    stored(native::web_fetch{.blocked_domains = {"b.org"},
                             .enable_citations = true,
                             .max_content_tokens = 9,
                             .optional = true}),
    R"([{"kind":"web_fetch","optional":true,"blocked_domains":["b.org"],)"
    R"("enable_citations":true,"max_content_tokens":9}])");
  CAF_CHECK_EQUAL(
    stored(native::code_execution{
      .files = {{{"file_id", "f"}, {"provider_name", "openai"}}}}),
    R"([{"kind":"code_execution",)"
    R"("files":[{"file_id":"f","provider_name":"openai"}]}])");
  CAF_CHECK_EQUAL(
    stored(native::image_generation{.quality = "low", .size = "1024x1024"}),
    R"([{"kind":"image_generation","quality":"low",)"
    R"("size":"1024x1024"}])");
  CAF_CHECK_EQUAL(
    stored(native::file_search{.file_store_ids = {"v"}, .max_num_results = 2}),
    R"([{"kind":"file_search","file_store_ids":["v"],)"
    R"("max_num_results":2}])");
  CAF_CHECK_EQUAL(stored(native::x_search{.excluded_x_handles = {"a"},
                                          .from_date = "2026-01-31"}),
                  R"([{"kind":"x_search","excluded_x_handles":["a"],)"
                  R"("from_date":"2026-01-31"}])");
  CAF_CHECK_EQUAL(stored(native::memory{}), R"([{"kind":"memory"}])");
  CAF_CHECK_EQUAL(
    stored(native::advisor{.model = "claude-opus-4-6", .caching = "5m"}),
    R"([{"kind":"advisor","model":"claude-opus-4-6",)"
    R"("caching":"5m"}])");
}

// Goal: a kind that the runtime learns gets a type here too.
CAF_TEST(no kind is forgotten) {
  const std::vector<perdure::native_tool> all{
    native::web_search{},  native::web_fetch{}, native::code_execution{},
    native::file_search{}, native::memory{},    native::image_generation{},
    native::x_search{},    native::advisor{}};
  for (const auto& kind : perdure::runtime::native_tool_kinds())
    CAF_CHECK(std::any_of(all.begin(), all.end(), [&](const auto& tool) {
      return tool.kind == kind.name;
    }));
}

CAF_TEST(native tools that cannot be are refused and named) {
  auto built = searcher();
  CAF_CHECK_EQUAL(refusal(built, native::web_search{}), "");
  CAF_CHECK_EQUAL(refusal(built, native::web_search{.max_uses = 1}),
                  "agent 'searcher': the native tool web_search is there "
                  "already");
  CAF_CHECK(refusal(built, {.kind = "telepathy"})
              .find("unknown native tool 'telepathy'")
            != std::string::npos);
  CAF_CHECK(refusal(built, native::file_search{})
              .find("'file_store_ids' of file_search is missing")
            != std::string::npos);
  CAF_CHECK(
    refusal(built, native::image_generation{.quality = "great"}).find("quality")
    != std::string::npos);
  CAF_CHECK_EQUAL(built.built().definition.native_tools.size(), 1u);
}

#define CAF_SUITE models.profile

#include "runtime/models/profile.hpp"
#include "runtime/models/provider_table.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

CAF_TEST(the table is well - formed) {
  CAF_CHECK_EQUAL(check_profile_table(), "");
}

CAF_TEST(whether models think) {
  using enum thinking_habit;
  const std::vector<std::pair<std::string, thinking_habit>> models{
    {"openai:gpt-4o", never},
    {"openai:gpt-5", always},
    {"openai-chat:gpt-5-mini", always},
    {"openai:gpt-5-chat-latest", never},
    {"openai:gpt-5.1", on_request},
    {"openai:gpt-5.1-codex-max", always},
    {"openai:gpt-5.2-chat-latest", always},
    {"openai:gpt-5.4", on_request},
    {"openai:gpt-5.4-pro", always},
    {"openai:gpt-5.6-terra", by_default},
    {"openai:o3", always},
    {"azure:o4-mini", always},
    {"github:openai/gpt-5", always},
    {"github:openai/gpt-4.1", never},
    {"house:gpt-5", always},
    {"house:llama", on_request},
    {"anthropic:claude-3-5-haiku-latest", never},
    {"anthropic:claude-sonnet-4-5", on_request},
    {"anthropic:claude-fable-5", always},
    {"google:gemini-2.0-flash", never},
    {"google:gemini-2.5-flash", by_default},
    {"google:gemini-2.5-flash-lite", on_request},
    {"google:gemini-2.5-pro", always},
    {"google:gemini-3-flash-preview", by_default},
    {"google:gemini-3-pro-preview", always},
  };
  for (const auto& [model, expected] : models) {
    CAF_MESSAGE(model);
    CAF_CHECK(profile_of_model(model).thinking == expected);
  }
}

CAF_TEST(what differs between providers) {
  CAF_CHECK_EQUAL(profile_of_model("openai-chat:gpt-4o").max_tokens_field,
                  "max_completion_tokens");
  CAF_CHECK_EQUAL(profile_of_model("ollama:x").max_tokens_field, "max_tokens");
  CAF_CHECK(!profile_of_model("moonshotai:kimi-k2").supports_required_choice);
  CAF_CHECK(profile_of_model("groq:llama").thoughts
            == thoughts_return::in_tags);
  CAF_CHECK_EQUAL(profile_of_model("openai-chat:o1-mini").system_role, "user");
  CAF_CHECK(profile_of_model("together:qwen3").skips_leading_space);
  CAF_CHECK(profile_of_model("anthropic:claude-opus-4-8").sampling
            == sampling_rule::refused);
  CAF_CHECK_EQUAL(profile_of_model("anthropic:claude-opus-4-8").thinking_open,
                  "<thinking>");
  CAF_CHECK(!profile_of_model("deepseek:deepseek-chat").supports_json_schema);
  CAF_CHECK(profile_of_model("test").supports_json_schema);
}

CAF_TEST(how a key is shown) {
  using header = std::pair<std::string, std::string>;
  CAF_CHECK(auth_header("bearer", "k") == header("Authorization", "Bearer k"));
  CAF_CHECK(auth_header("x-api-key", "k") == header("x-api-key", "k"));
  CAF_CHECK_EQUAL(default_auth("openai-chat", ""), "bearer");
  CAF_CHECK_EQUAL(default_auth("google", "v1beta"), "x-goog-api-key");
  CAF_CHECK_EQUAL(default_auth("anthropic", ""), "x-api-key");
  CAF_CHECK_EQUAL(default_auth("anthropic", "2023-06-01"), "x-api-key");
  CAF_CHECK_EQUAL(default_auth("anthropic", "2026-10-21"), "bearer");
}

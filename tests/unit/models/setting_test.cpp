#define CAF_SUITE models.setting

#include "runtime/models/setting_check.hpp"
#include "runtime/models/setting_table.hpp"
#include "runtime/value_types.hpp"
#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

#include <map>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

/// A value of each setting.
const std::map<std::string, json> samples{
  {"max_tokens", 2000},
  {"temperature", 0.5},
  {"top_p", 0.9},
  {"top_k", 7},
  {"timeout", 2.5},
  {"first_event_timeout", 2.5},
  {"parallel_tool_calls", false},
  {"tool_choice", "none"},
  {"seed", 42},
  {"presence_penalty", 0.1},
  {"frequency_penalty", 0.2},
  {"logit_bias", {{"50256", -100}}},
  {"stop_sequences", {"END"}},
  {"extra_headers", {{"X-Extra", "1"}}},
  {"extra_body", {{"beta_flag", true}}},
  {"thinking", "high"},
  {"service_tier", "default"},
  {"openai_reasoning_effort", "low"},
  {"openai_reasoning_mode", "pro"},
  {"openai_reasoning_context", "auto"},
  {"openai_reasoning_summary", "detailed"},
  {"openai_send_reasoning_ids", false},
  {"openai_logprobs", true},
  {"openai_top_logprobs", 3},
  {"openai_store", false},
  {"openai_user", "u1"},
  {"openai_moderation", {{"mode", "x"}}},
  {"openai_text_verbosity", "low"},
  {"openai_service_tier", "flex"},
  {"openai_prediction", {{"type", "content"}, {"content", "x"}}},
  {"openai_prompt_cache_key", "k"},
  {"openai_prompt_cache_retention", "24h"},
  {"openai_prompt_cache_options", {{"ttl", "30m"}}},
  {"openai_continuous_usage_stats", true},
  {"openai_native_tools", {{{"type", "computer_use_preview"}}}},
  {"openai_truncation", "auto"},
  {"openai_context_management", {{{"type", "compaction"}}}},
  {"openai_background", true},
  {"openai_include_code_execution_outputs", true},
  {"openai_include_web_search_sources", true},
  {"openai_include_file_search_results", true},
  {"anthropic_metadata", {{"user_id", "u"}}},
  {"anthropic_thinking", {{"type", "enabled"}, {"budget_tokens", 2048}}},
  {"anthropic_effort", "low"},
  {"anthropic_task_budget", {{"type", "tokens"}, {"total", 50000}}},
  {"anthropic_service_tier", "standard_only"},
  {"anthropic_speed", "fast"},
  {"anthropic_context_management", {{"edits", json::array()}}},
  {"anthropic_container", "c1"},
  {"anthropic_betas", {"files-api-2025-04-14"}},
  {"anthropic_eager_input_streaming", true},
  {"anthropic_cache", true},
  {"anthropic_cache_instructions", "1h"},
  {"anthropic_cache_messages", true},
  {"anthropic_cache_tool_definitions", "5m"},
  {"anthropic_code_execution_tool_version", "20250825"},
  {"anthropic_web_tools_allowed_callers", {"direct"}},
  {"google_thinking_config", {{"thinking_budget", 512}}},
  {"google_safety_settings",
   {{{"category", "HARM"}, {"some_threshold", "OFF"}}}},
  {"google_labels", {{"my_team", "a"}}},
  {"google_video_resolution", "MEDIA_RESOLUTION_LOW"},
  {"google_cached_content", "cachedContents/1"},
  {"google_logprobs", true},
  {"google_top_logprobs", 2},
  {"groq_reasoning_format", "hidden"},
  {"groq_reasoning_effort", "low"},
  {"openrouter_models", {"a/b"}},
  {"openrouter_provider", {{"order", {"x"}}}},
  {"openrouter_preset", "p"},
  {"openrouter_transforms", {"middle-out"}},
  {"openrouter_reasoning", {{"effort", "low"}}},
  {"openrouter_usage", {{"include", true}}},
};

/// Settings that cannot be told from the body of the first request: the test
/// that shows what they do.
const std::map<std::string, std::string> shown_elsewhere{
  {"first_event_timeout", "responses_job_test.cpp"},
  {"openai_send_reasoning_ids", "conversation_test.cpp"},
  {"anthropic_betas", "anthropic_test.cpp"},
  {"anthropic_code_execution_tool_version", "native_tool_test.cpp"},
  {"anthropic_web_tools_allowed_callers", "native_tool_test.cpp"},
};

/// A model of each wire format that takes all of its settings.
const std::vector<subject> subjects{
  {"openai-chat", "house", "m"},
  {"openai-responses", "house", "m"},
  {"anthropic", "anthropic", "claude-sonnet-4-5"},
  {"google", "google", "gemini-2.5-flash"},
};

struct sent {
  wire_request request;
  json body;
};

sent ask(const subject& to, json settings) {
  auto definition = std::make_shared<agent_definition>();
  definition->model_settings = std::move(settings);
  tool_definition tool;
  tool.name = "look";
  definition->tools.push_back(tool);
  auto talk = codec_for(to.wire)->converse({{to.provider, "http://x", to.model},
                                            definition,
                                            true,
                                            profile_of(to.provider, to.model)});
  model_request first;
  first.parts.push_back(user_prompt_part{"hello", {}});
  CAF_REQUIRE(talk->add(first));
  sent out;
  out.request = talk->request({"Be brief."});
  out.body = json::parse(whole_body(out.request));
  return out;
}

bool is_visible(const sent& plain, const sent& set) {
  return plain.body != set.body || plain.request.headers != set.request.headers
         || plain.request.timeout != set.request.timeout;
}

/// The value that is there for `value`; null where only being there counts.
json expected(const setting_place& place, const json& value) {
  if (place.use == setting_use::copied)
    return value;
  return place.use == setting_use::renamed_keys ? with_camel_keys(value)
                                                : json{};
}

void check_row(const setting_row& row, const subject& to,
               const setting_place& place) {
  const std::string name{row.name};
  CAF_MESSAGE(name << " on " << to.wire);
  auto subject = to;
  if (!row.provider.empty())
    subject.provider = row.provider;
  const auto plain = ask(subject, nullptr);
  const auto set = ask(subject, json{{name, samples.at(name)}});
  if (place.use == setting_use::ignored) {
    CAF_CHECK(!is_visible(plain, set));
    return;
  }
  if (shown_elsewhere.contains(name))
    return;
  CAF_CHECK(is_visible(plain, set));
  if (place.use == setting_use::included) {
    const auto& list = set.body.at("include");
    CAF_CHECK(std::find(list.begin(), list.end(), place.at) != list.end());
    return;
  }
  if (place.at.empty())
    return;
  const json::json_pointer at{std::string{place.at}};
  CAF_REQUIRE(set.body.contains(at));
  if (const auto value = expected(place, samples.at(name)); !value.is_null())
    CAF_CHECK_EQUAL(set.body.at(at), value);
}

std::string problem_of(const json& settings) {
  const auto problems = check_settings(settings);
  return problems.size() == 1 && !problems.front().is_warning
           ? problems.front().message
           : "";
}

} // namespace

CAF_TEST(every setting is where the table says on every wire format) {
  for (const auto& row : setting_table()) {
    CAF_MESSAGE(row.name);
    CAF_REQUIRE(samples.contains(std::string{row.name}));
    CAF_CHECK(fits(samples.at(std::string{row.name}), row.takes));
    for (std::size_t i = 0; i < subjects.size(); ++i)
      check_row(row, subjects[i], row.places[i]);
  }
  CAF_CHECK_EQUAL(samples.size(), setting_table().size());
}

CAF_TEST(a setting of one provider is not sent to another) {
  for (const auto& row : setting_table()) {
    if (row.provider.empty())
      continue;
    const std::string name{row.name};
    const subject other{"openai-chat", "house", "m"};
    CAF_CHECK(!is_visible(ask(other, nullptr),
                          ask(other, json{{name, samples.at(name)}})));
  }
}

CAF_TEST(the own setting of a provider is stronger than the common one) {
  const auto chat = ask(subjects[0], {{"openai_service_tier", "flex"},
                                      {"service_tier", "default"},
                                      {"openai_reasoning_effort", "low"},
                                      {"thinking", "high"}});
  CAF_CHECK_EQUAL(chat.body.at("service_tier"), "flex");
  CAF_CHECK_EQUAL(chat.body.at("reasoning_effort"), "low");
  const auto claude = ask(subjects[2], {{"anthropic_service_tier", "auto"},
                                        {"service_tier", "default"}});
  CAF_CHECK_EQUAL(claude.body.at("service_tier"), "auto");
  const auto router = ask(
    {"openai-chat", "openrouter", "m"},
    {{"thinking", "high"}, {"openrouter_reasoning", {{"max_tokens", 9}}}});
  CAF_CHECK_EQUAL(router.body.at("reasoning"), json({{"max_tokens", 9}}));
}

CAF_TEST(service tiers in the words of each provider) {
  struct row {
    std::string tier;
    json openai;
    json anthropic;
    json google;
  };
  const std::vector<row> rows{
    {"auto", "auto", "auto", nullptr},
    {"default", "default", "standard_only", "standard"},
    {"flex", "flex", nullptr, "flex"},
    {"priority", "priority", nullptr, "priority"},
  };
  for (const auto& row : rows) {
    const json settings{{"service_tier", row.tier}};
    const auto tier = [&](std::size_t i, const char* key) {
      return ask(subjects[i], settings).body.value(key, json{});
    };
    CAF_CHECK_EQUAL(tier(0, "service_tier"), row.openai);
    CAF_CHECK_EQUAL(tier(1, "service_tier"), row.openai);
    CAF_CHECK_EQUAL(tier(2, "service_tier"), row.anthropic);
    CAF_CHECK_EQUAL(tier(3, "serviceTier"), row.google);
  }
}

CAF_TEST(thinking in the words of gateways) {
  struct row {
    std::string provider;
    std::string model;
    json thinking;
    json reasoning;
    json format;
    json effort;
  };
  const json none;
  const std::vector<row> rows{
    {"openrouter",
     "x/y",
     true,
     {{"effort", "medium"}, {"enabled", true}},
     none,
     none},
    {"openrouter",
     "x/y",
     "low",
     {{"effort", "low"}, {"enabled", true}},
     none,
     none},
    {"openrouter", "x/y", false, {{"effort", "none"}}, none, none},
    {"groq", "openai/gpt-oss-20b", true, none, "parsed", "medium"},
    {"groq", "openai/gpt-oss-20b", "xhigh", none, "parsed", "high"},
    {"groq", "openai/gpt-oss-20b", false, none, "hidden", "low"},
    {"groq", "qwen/qwen3-32b", "high", none, "parsed", none},
    {"groq", "qwen/qwen3-32b", false, none, none, "none"},
    {"groq", "deepseek-r1-distill", false, none, none, none},
    {"groq", "llama-3.3-70b", true, none, none, none},
  };
  for (const auto& row : rows) {
    CAF_MESSAGE(row.model << " " << row.thinking.dump());
    const auto body = ask({"openai-chat", row.provider, row.model},
                          json{{"thinking", row.thinking}})
                        .body;
    CAF_CHECK_EQUAL(body.value("reasoning", json{}), row.reasoning);
    CAF_CHECK_EQUAL(body.value("reasoning_format", json{}), row.format);
    CAF_CHECK_EQUAL(body.value("reasoning_effort", json{}), row.effort);
  }
}

CAF_TEST(what settings may hold) {
  CAF_CHECK(check_settings(nullptr).empty());
  CAF_CHECK(check_settings({{"max_tokens", nullptr}}).empty());
  CAF_CHECK_EQUAL(problem_of({{"max_tokens", "9"}}), "must be integer");
  CAF_CHECK_EQUAL(problem_of({{"temperature", true}}), "must be number");
  CAF_CHECK_EQUAL(problem_of({{"stop_sequences", {1}}}), "must be strings");
  CAF_CHECK_EQUAL(problem_of({{"anthropic_cache", "2h"}}),
                  "must be boolean, 5m or 1h");
  CAF_CHECK_EQUAL(problem_of({{"tool_choice", "required"}}),
                  "must be auto, none or object");
  const auto unknown = problem_of({{"temprature", 1}});
  CAF_CHECK(unknown.starts_with("unknown setting 'temprature'; valid: "));
  CAF_CHECK(unknown.find("temperature, top_p, ") != std::string::npos);
  CAF_CHECK(problem_of({{"openai_previous_response_id", "r"}})
              .starts_with("the setting has no place here: "));
}

CAF_TEST(settings that are left out are warned of) {
  const auto foreign = check_settings({{"bedrock_guardrail_config", {}}});
  CAF_REQUIRE_EQUAL(foreign.size(), 1u);
  CAF_CHECK(foreign.front().is_warning);
  const json settings{{"stop_sequences", {"x"}}, {"anthropic_cache", true}};
  CAF_CHECK(settings_without_effect(settings, "anthropic").empty());
  CAF_CHECK(settings_without_effect(settings, "unknown").empty());
  const auto ignored = settings_without_effect(settings, "openai-responses");
  CAF_REQUIRE_EQUAL(ignored.size(), 1u);
  CAF_CHECK_EQUAL(ignored.front().name, "stop_sequences");
  CAF_CHECK(ignored.front().is_warning);
}

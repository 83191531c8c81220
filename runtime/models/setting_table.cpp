#include "runtime/models/setting_table.hpp"

#include "runtime/models/model.hpp"

#include <algorithm>
#include <cctype>

namespace perdure::runtime {

namespace {

constexpr setting_place no{};

constexpr setting_place to(std::string_view at) {
  return {setting_use::copied, at};
}

constexpr setting_place camel(std::string_view at) {
  return {setting_use::renamed_keys, at};
}

constexpr setting_place include(std::string_view word) {
  return {setting_use::included, word};
}

constexpr setting_place shaped(std::string_view at = {}) {
  return {setting_use::shaped, at};
}

constexpr std::string_view caching = "boolean|5m|1h";

constexpr setting_row
openrouter(std::string_view name, std::string_view takes, std::string_view at) {
  return {name, takes, {to(at), no, no, no}, "openrouter"};
}

// Columns: Chat Completions, Responses, Messages, Gemini.
constexpr auto rows = std::to_array<setting_row>({
  {"max_tokens",
   "integer",
   {shaped("/max_completion_tokens"), to("/max_output_tokens"),
    to("/max_tokens"), to("/generationConfig/maxOutputTokens")}},
  {"temperature",
   "number",
   {to("/temperature"), to("/temperature"), to("/temperature"),
    to("/generationConfig/temperature")}},
  {"top_p",
   "number",
   {to("/top_p"), to("/top_p"), to("/top_p"), to("/generationConfig/topP")}},
  {"top_k", "integer", {no, no, to("/top_k"), to("/generationConfig/topK")}},
  {"timeout", "number", {shaped(), shaped(), shaped(), shaped()}},
  {"first_event_timeout", "number", {shaped(), shaped(), shaped(), shaped()}},
  {"parallel_tool_calls",
   "boolean",
   {shaped("/parallel_tool_calls"), shaped("/parallel_tool_calls"),
    shaped("/tool_choice/disable_parallel_tool_use"), no}},
  {"tool_choice",
   "auto|none|object",
   {shaped("/tool_choice"), shaped("/tool_choice"), shaped("/tool_choice"),
    shaped("/toolConfig/functionCallingConfig")}},
  {"seed", "integer", {to("/seed"), no, no, to("/generationConfig/seed")}},
  {"presence_penalty",
   "number",
   {to("/presence_penalty"), no, no, to("/generationConfig/presencePenalty")}},
  {"frequency_penalty",
   "number",
   {to("/frequency_penalty"), no, no,
    to("/generationConfig/frequencyPenalty")}},
  {"logit_bias", "object", {to("/logit_bias"), no, no, no}},
  {"stop_sequences",
   "strings",
   {to("/stop"), no, to("/stop_sequences"),
    to("/generationConfig/stopSequences")}},
  {"extra_headers", "object", {shaped(), shaped(), shaped(), shaped()}},
  {"extra_body", "object", {shaped(), shaped(), shaped(), shaped()}},
  {"thinking",
   "boolean|minimal|low|medium|high|xhigh",
   {shaped("/reasoning_effort"), shaped("/reasoning/effort"),
    shaped("/thinking"), shaped("/generationConfig/thinkingConfig")}},
  {"service_tier",
   "auto|default|flex|priority",
   {to("/service_tier"), to("/service_tier"), shaped("/service_tier"),
    shaped("/serviceTier")}},

  {"openai_reasoning_effort",
   "string",
   {shaped("/reasoning_effort"), shaped("/reasoning/effort"), no, no}},
  {"openai_reasoning_mode", "string", {no, to("/reasoning/mode"), no, no}},
  {"openai_reasoning_context",
   "string",
   {no, to("/reasoning/context"), no, no}},
  {"openai_reasoning_summary",
   "string",
   {no, to("/reasoning/summary"), no, no}},
  {"openai_send_reasoning_ids", "boolean", {no, shaped(), no, no}},
  {"openai_logprobs",
   "boolean",
   {to("/logprobs"), include("message.output_text.logprobs"), no, no}},
  {"openai_top_logprobs",
   "integer",
   {to("/top_logprobs"), to("/top_logprobs"), no, no}},
  {"openai_store", "boolean", {to("/store"), to("/store"), no, no}},
  {"openai_user", "string", {to("/user"), to("/user"), no, no}},
  {"openai_moderation",
   "object",
   {to("/moderation"), to("/moderation"), no, no}},
  {"openai_text_verbosity",
   "low|medium|high",
   {to("/verbosity"), to("/text/verbosity"), no, no}},
  {"openai_service_tier",
   "string",
   {to("/service_tier"), to("/service_tier"), no, no}},
  {"openai_prediction", "object", {to("/prediction"), no, no, no}},
  {"openai_prompt_cache_key",
   "string",
   {to("/prompt_cache_key"), to("/prompt_cache_key"), no, no}},
  {"openai_prompt_cache_retention",
   "in_memory|24h",
   {to("/prompt_cache_retention"), to("/prompt_cache_retention"), no, no}},
  {"openai_prompt_cache_options",
   "object",
   {to("/prompt_cache_options"), to("/prompt_cache_options"), no, no}},
  {"openai_continuous_usage_stats",
   "boolean",
   {shaped("/stream_options/continuous_usage_stats"), no, no, no}},
  {"openai_native_tools", "list", {no, shaped("/tools"), no, no}},
  {"openai_truncation", "auto|disabled", {no, to("/truncation"), no, no}},
  {"openai_context_management",
   "list",
   {no, to("/context_management"), no, no}},
  {"openai_background", "boolean", {no, to("/background"), no, no}},
  {"openai_include_code_execution_outputs",
   "boolean",
   {no, include("code_interpreter_call.outputs"), no, no}},
  {"openai_include_web_search_sources",
   "boolean",
   {no, include("web_search_call.action.sources"), no, no}},
  {"openai_include_file_search_results",
   "boolean",
   {no, include("file_search_call.results"), no, no}},

  {"anthropic_metadata", "object", {no, no, to("/metadata"), no}},
  {"anthropic_thinking", "object", {no, no, shaped("/thinking"), no}},
  {"anthropic_effort", "string", {no, no, to("/output_config/effort"), no}},
  {"anthropic_task_budget",
   "object",
   {no, no, to("/output_config/task_budget"), no}},
  {"anthropic_service_tier",
   "auto|standard_only",
   {no, no, to("/service_tier"), no}},
  {"anthropic_speed", "standard|fast", {no, no, to("/speed"), no}},
  {"anthropic_context_management",
   "object",
   {no, no, to("/context_management"), no}},
  {"anthropic_container",
   "boolean|string|object",
   {no, no, shaped("/container"), no}},
  {"anthropic_betas", "strings", {no, no, shaped(), no}},
  {"anthropic_eager_input_streaming",
   "boolean",
   {no, no, shaped("/tools/0/eager_input_streaming"), no}},
  {"anthropic_cache", caching, {no, no, shaped("/cache_control"), no}},
  {"anthropic_cache_instructions",
   caching,
   {no, no, shaped("/system/0/cache_control"), no}},
  {"anthropic_cache_messages",
   caching,
   {no, no, shaped("/messages/0/content/0/cache_control"), no}},
  {"anthropic_cache_tool_definitions",
   caching,
   {no, no, shaped("/tools/0/cache_control"), no}},
  {"anthropic_code_execution_tool_version",
   "auto|20250825|20260120",
   {no, no, shaped(), no}},
  {"anthropic_web_tools_allowed_callers", "strings", {no, no, shaped(), no}},

  {"google_thinking_config",
   "object",
   {no, no, no, shaped("/generationConfig/thinkingConfig")}},
  {"google_safety_settings", "list", {no, no, no, camel("/safetySettings")}},
  {"google_labels", "object", {no, no, no, to("/labels")}},
  {"google_video_resolution",
   "string",
   {no, no, no, to("/generationConfig/mediaResolution")}},
  {"google_cached_content", "string", {no, no, no, to("/cachedContent")}},
  {"google_logprobs",
   "boolean",
   {no, no, no, to("/generationConfig/responseLogprobs")}},
  {"google_top_logprobs",
   "integer",
   {no, no, no, to("/generationConfig/logprobs")}},

  {"groq_reasoning_format",
   "hidden|raw|parsed",
   {to("/reasoning_format"), no, no, no},
   "groq"},
  {"groq_reasoning_effort",
   "string",
   {to("/reasoning_effort"), no, no, no},
   "groq"},

  openrouter("openrouter_models", "strings", "/models"),
  openrouter("openrouter_provider", "object", "/provider"),
  openrouter("openrouter_preset", "string", "/preset"),
  openrouter("openrouter_transforms", "strings", "/transforms"),
  openrouter("openrouter_reasoning", "object", "/reasoning"),
  openrouter("openrouter_usage", "object", "/usage"),
});

} // namespace

std::optional<wire_format> wire_of(std::string_view wire_name) noexcept {
  const auto* found
    = std::find(wire_names.begin(), wire_names.end(), wire_name);
  if (found == wire_names.end())
    return std::nullopt;
  return static_cast<wire_format>(found - wire_names.begin());
}

std::span<const setting_row> setting_table() noexcept {
  return rows;
}

void apply_settings(json& body, const json& settings, wire_format wire,
                    std::string_view provider_name) {
  if (!settings.is_object())
    return;
  for (const auto& row : rows) {
    const auto& place = row.on(wire);
    const auto found = settings.find(std::string{row.name});
    if (found == settings.end() || found->is_null()
        || (!row.provider.empty() && row.provider != provider_name))
      continue;
    const auto write = [&](json value) {
      body[json::json_pointer{std::string{place.at}}] = std::move(value);
    };
    switch (place.use) {
      case setting_use::copied:
        write(*found);
        break;
      case setting_use::renamed_keys:
        write(with_camel_keys(*found));
        break;
      case setting_use::included:
        if (*found == true)
          body["include"].push_back(place.at);
        break;
      case setting_use::ignored:
      case setting_use::shaped:
        break;
    }
  }
}

std::string camel_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_' && i + 1 < name.size())
      out += static_cast<char>(
        std::toupper(static_cast<unsigned char>(name[++i])));
    else
      out += name[i];
  }
  return out;
}

json with_camel_keys(const json& value) {
  if (!value.is_structured())
    return value;
  auto out = value.is_array() ? json::array() : json::object();
  for (const auto& [key, item] : value.items()) {
    if (value.is_array())
      out.push_back(with_camel_keys(item));
    else
      out[camel_case(key)] = with_camel_keys(item);
  }
  return out;
}

} // namespace perdure::runtime

#include "runtime/models/wire_settings.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace perdure::runtime {

namespace {

constexpr auto sampling_settings = std::to_array<const char*>(
  {"temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty",
   "logit_bias", "openai_logprobs", "openai_top_logprobs"});

/// A model that never thinks refuses them.
constexpr auto thought_settings = std::to_array<const char*>(
  {"openai_reasoning_effort", "openai_reasoning_mode",
   "openai_reasoning_context", "openai_reasoning_summary"});

/// Keys of bodies that a conversation fills itself.
constexpr auto own_keys = std::to_array<std::string_view>(
  {"messages", "input", "instructions", "stream", "contents", "system",
   "systemInstruction"});

bool is_header_name(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty()
         && std::all_of(name.begin(), name.end(), [&](unsigned char letter) {
              return std::isalnum(letter) != 0
                     || marks.find(static_cast<char>(letter))
                          != std::string_view::npos;
            });
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char letter) {
    return (letter < 0x20U && letter != '\t') || letter == 0x7FU;
  });
}

bool same_name(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) {
                      return std::tolower(a) == std::tolower(b);
                    });
}

} // namespace

json usable_settings(const json& settings, const model_profile& profile) {
  if (!settings.is_object())
    return json::object();
  auto usable = settings;
  for (const auto& name : profile.refused_settings)
    usable.erase(name);
  const auto is_refused = profile.sampling == sampling_rule::refused
                          || (profile.sampling == sampling_rule::unless_thinking
                              && is_thinking(settings, profile));
  if (is_refused)
    for (const auto* name : sampling_settings)
      usable.erase(name);
  if (profile.thinking == thinking_habit::never)
    for (const auto* name : thought_settings)
      usable.erase(name);
  return usable;
}

bool is_thinking(const json& settings, const model_profile& profile) {
  if (profile.thinking == thinking_habit::never)
    return false;
  if (profile.thinking == thinking_habit::always)
    return true;
  // What is said in a provider's own words goes before what is said in ours.
  if (const auto* own = find_object(settings, "anthropic_thinking"))
    return text_or_empty(*own, "type") != "disabled";
  if (const auto* own = find_value(settings, "openai_reasoning_effort"))
    return *own != "none";
  if (const auto* wish = find_value(settings, "thinking"))
    return *wish != false;
  return profile.thinking == thinking_habit::by_default;
}

std::optional<thinking_wish>
wish_of(const json& settings, const model_profile& profile) {
  const auto* value = find_value(settings, "thinking");
  if (value == nullptr || profile.thinking == thinking_habit::never)
    return std::nullopt;
  thinking_wish wish;
  wish.wanted = *value != false;
  if (!wish.wanted && profile.thinking == thinking_habit::always)
    return std::nullopt;
  if (const auto* effort = value->get_ptr<const std::string*>())
    wish.effort = *effort;
  return wish;
}

std::string
tagged_thought(const std::string& content, const model_profile& profile) {
  return profile.thinking_open + "\n" + content + "\n" + profile.thinking_close;
}

std::string
effort_name(const std::string& effort, const model_profile& profile) {
  const auto renamed = profile.efforts.find(effort);
  return renamed == profile.efforts.end() ? effort : renamed->second;
}

void copy_settings(
  json& body, const json& settings,
  std::initializer_list<std::pair<const char*, const char*>> names) {
  for (const auto& [ours, theirs] : names)
    if (const auto* value = find_value(settings, ours))
      body[theirs] = *value;
}

std::vector<std::string>
with_plan(std::vector<std::string> instructions, const request_plan& plan) {
  if (!plan.instructions.empty())
    instructions.push_back(plan.instructions);
  return instructions;
}

void merge_extra_body(json& body, const json& settings) {
  const auto* extra = find_object(settings, "extra_body");
  if (extra == nullptr)
    return;
  for (const auto& [key, value] : extra->items())
    if (std::find(own_keys.begin(), own_keys.end(), key) == own_keys.end())
      body[key] = value;
}

wire_headers request_headers(const json& settings, bool stream) {
  wire_headers headers{
    {"content-type", "application/json"},
    {"accept", stream ? "text/event-stream" : "application/json"},
  };
  const auto* extra = find_object(settings, "extra_headers");
  if (extra == nullptr)
    return headers;
  for (const auto& [name, value] : extra->items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !is_header_name(name) || !is_header_value(*text))
      continue;
    const auto same = [&wanted = name](const auto& header) {
      return same_name(header.first, wanted);
    };
    headers.erase(std::remove_if(headers.begin(), headers.end(), same),
                  headers.end());
    headers.emplace_back(name, *text);
  }
  return headers;
}

std::optional<std::chrono::milliseconds>
time_setting(const json& settings, const char* name) {
  const auto* value = find_value(settings, name);
  const auto time = value == nullptr ? std::nullopt : to_milliseconds(*value);
  return time && time->count() > 0 ? time : std::nullopt;
}

} // namespace perdure::runtime

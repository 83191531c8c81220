#include "runtime/models/setting_check.hpp"

#include "runtime/models/setting_table.hpp"
#include "runtime/value_types.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace perdure::runtime {

namespace {

/// A setting of Pydantic AI that cannot mean here what it means there.
struct refused_setting {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view whole_history
  = "the node sends the whole history with each request";
constexpr std::string_view marks
  = "cache marks for OpenRouter are not supported by this version";
constexpr std::string_view vertex
  = "Vertex AI is not supported by this version";
constexpr std::string_view by_provider
  = "say it with the provider's own settings, e.g. anthropic_cache";

constexpr auto refused = std::to_array<refused_setting>({
  {"max_retries",
   "use retries of Durability.model: there is one layer of them"},
  {"request_timeout", "use timeout_seconds of Durability.model"},
  {"cache", by_provider},
  {"citations",
   "use enable_citations of the native tool WebFetch; others are not kept"},
  {"framing_announcement",
   "how messages are framed is the codec's and cannot be chosen"},
  {"openai_previous_response_id", whole_history},
  {"openai_conversation_id", whole_history},
  {"openai_transport", "requests are sent over HTTP"},
  {"openai_include_raw_annotations", "annotations are not kept"},
  {"google_cloud_service_tier", vertex},
  {"google_model_armor_config", vertex},
  {"openrouter_cache_instructions", marks},
  {"openrouter_cache_messages", marks},
  {"openrouter_cache_tool_definitions", marks},
});

/// Settings of providers that this version does not speak to, or not by these.
constexpr auto foreign = std::to_array<std::string_view>(
  {"bedrock_", "cohere_", "huggingface_", "mistral_", "xai_"});

template <class Rows>
auto find_row(const Rows& list, std::string_view name) {
  return std::find_if(list.begin(), list.end(),
                      [&](const auto& row) { return row.name == name; });
}

std::string all_names() {
  std::string names;
  for (const auto& row : setting_table())
    names += (names.empty() ? "" : ", ") + std::string{row.name};
  return names;
}

std::optional<setting_problem>
check(const std::string& name, const json& value) {
  const auto rows = setting_table();
  if (const auto row = find_row(rows, name); row != rows.end()) {
    if (value.is_null() || fits(value, row->takes))
      return std::nullopt;
    return setting_problem{name, "must be " + in_words(row->takes)};
  }
  if (const auto row = find_row(refused, name); row != refused.end())
    return setting_problem{name, "the setting has no place here: "
                                   + std::string{row->why}};
  if (std::any_of(foreign.begin(), foreign.end(),
                  [&](auto prefix) { return name.starts_with(prefix); }))
    return setting_problem{
      name, "has no effect: this version sends no such settings", true};
  return setting_problem{name, "unknown setting '" + name
                                 + "'; valid: " + all_names()};
}

/// Whether a setting is not one provider's own.
bool is_common(std::string_view name) {
  constexpr auto own = std::to_array<std::string_view>(
    {"openai_", "anthropic_", "google_", "groq_", "openrouter_"});
  return std::none_of(own.begin(), own.end(),
                      [&](auto prefix) { return name.starts_with(prefix); });
}

} // namespace

std::vector<setting_problem> check_settings(const json& settings) {
  std::vector<setting_problem> problems;
  if (settings.is_object())
    for (const auto& [name, value] : settings.items())
      if (auto problem = check(name, value))
        problems.push_back(std::move(*problem));
  return problems;
}

std::vector<setting_problem>
settings_without_effect(const json& settings, std::string_view wire) {
  std::vector<setting_problem> problems;
  const auto format = wire_of(wire);
  if (!settings.is_object() || !format)
    return problems;
  for (const auto& row : setting_table())
    if (is_common(row.name) && row.on(*format).use == setting_use::ignored
        && settings.contains(std::string{row.name}))
      problems.push_back({std::string{row.name},
                          "has no effect: the wire format " + std::string{wire}
                            + " has no such setting",
                          true});
  return problems;
}

} // namespace perdure::runtime

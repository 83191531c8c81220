#include "runtime/models/profile.hpp"

#include "runtime/models/profile_table.hpp"
#include "runtime/models/provider_table.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace perdure::runtime {

namespace {

/// Reads one value of a rule. @returns whether it is one
bool read(const json& value, bool& target) {
  if (value.is_boolean())
    target = value.get<bool>();
  return value.is_boolean();
}

bool read(const json& value, std::string& target) {
  if (value.is_string())
    target = value.get<std::string>();
  return value.is_string();
}

bool read(const json& value, std::vector<std::string>& target) {
  if (!value.is_array())
    return false;
  target = value.get<std::vector<std::string>>();
  return true;
}

bool read(const json& value,
          std::map<std::string, std::string, std::less<>>& target) {
  if (!value.is_object())
    return false;
  target.clear();
  for (const auto& [key, name] : value.items())
    target.emplace(key, name.get<std::string>());
  return true;
}

template <class Enum>
bool read_name(const json& value, Enum& target,
               std::initializer_list<std::string_view> names) {
  const auto* name = value.get_ptr<const std::string*>();
  if (!name)
    return false;
  const auto* found = std::find(names.begin(), names.end(), *name);
  if (found == names.end())
    return false;
  target = static_cast<Enum>(found - names.begin());
  return true;
}

bool read(const json& value, output_mode& target) {
  return read_name(value, target, {"auto", "tool", "native", "prompted"});
}

bool read(const json& value, sampling_rule& target) {
  return read_name(value, target, {"allowed", "unless_thinking", "refused"});
}

bool read(const json& value, thinking_habit& target) {
  return read_name(value, target,
                   {"never", "on_request", "by_default", "always"});
}

bool read(const json& value, thoughts_return& target) {
  return read_name(value, target, {"as_they_came", "in_tags", "never"});
}

bool read(const json& value, chat_thinking_form& target) {
  return read_name(value, target, {"effort", "object", "format"});
}

bool read(const json& value, schema_dialect& target) {
  return read_name(value, target, {"plain", "openai", "anthropic", "gemini"});
}

template <auto Member>
bool set(model_profile& profile, const json& value) {
  return read(value, profile.*Member);
}

struct member {
  std::string_view name;
  bool (*set)(model_profile&, const json&);
};

using profile = model_profile;

constexpr auto members = std::to_array<member>({
  {"default_output", set<&profile::default_output>},
  {"thinking_output", set<&profile::thinking_output>},
  {"supports_json_schema", set<&profile::supports_json_schema>},
  {"supports_json_object", set<&profile::supports_json_object>},
  {"wants_schema_in_instructions", set<&profile::wants_schema_in_instructions>},
  {"supports_format_with_tools", set<&profile::supports_format_with_tools>},
  {"supports_return_schema", set<&profile::supports_return_schema>},
  {"supports_required_choice", set<&profile::supports_required_choice>},
  {"supports_required_choice_thinking",
   set<&profile::supports_required_choice_thinking>},
  {"supports_strict", set<&profile::supports_strict>},
  {"dialect", set<&profile::dialect>},
  {"supports_files_in_results", set<&profile::supports_files_in_results>},
  {"native_tools", set<&profile::native_tools>},
  {"chat_native_tools", set<&profile::chat_native_tools>},
  {"supports_native_with_tools", set<&profile::supports_native_with_tools>},
  {"shows_native_calls", set<&profile::shows_native_calls>},
  {"filters_web_results", set<&profile::filters_web_results>},
  {"code_execution_version", set<&profile::code_execution_version>},
  {"system_role", set<&profile::system_role>},
  {"max_tokens_field", set<&profile::max_tokens_field>},
  {"refused_settings", set<&profile::refused_settings>},
  {"sampling", set<&profile::sampling>},
  {"thinking", set<&profile::thinking>},
  {"chat_thinking", set<&profile::chat_thinking>},
  {"thinks_by_budget", set<&profile::thinks_by_budget>},
  {"supports_encrypted_thoughts", set<&profile::supports_encrypted_thoughts>},
  {"supports_effort", set<&profile::supports_effort>},
  {"efforts", set<&profile::efforts>},
  {"thoughts", set<&profile::thoughts>},
  {"thinking_open", set<&profile::thinking_open>},
  {"thinking_close", set<&profile::thinking_close>},
  {"wants_signed_calls", set<&profile::wants_signed_calls>},
  {"skips_leading_space", set<&profile::skips_leading_space>},
});

/// `*` stands for any letters, `?` for one.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  for (; at < pattern.size() && pattern[at] != '*'; ++at)
    if (at >= name.size() || (pattern[at] != '?' && pattern[at] != name[at]))
      return false;
  if (at == pattern.size())
    return at == name.size();
  const auto rest = pattern.substr(at + 1);
  for (auto begin = at; begin <= name.size(); ++begin)
    if (matches(rest, name.substr(begin)))
      return true;
  return false;
}

struct rule {
  std::vector<std::string> providers;
  std::vector<std::string> models;
  std::vector<std::pair<const member*, json>> changes;

  [[nodiscard]] bool
  is_for(std::string_view provider_name, std::string_view model_name) const {
    return matches_any(providers, provider_name)
           && matches_any(models, model_name);
  }

private:
  static bool
  matches_any(const std::vector<std::string>& patterns, std::string_view name) {
    return patterns.empty()
           || std::any_of(patterns.begin(), patterns.end(),
                          [&](const auto& x) { return matches(x, name); });
  }
};

std::vector<std::string> patterns_of(const json& value) {
  if (value.is_string())
    return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

struct rules {
  std::vector<rule> all;
  std::string problem;
};

rules read_rules() {
  rules out;
  const auto table = parse_json(profile_table());
  if (!table) {
    out.problem = table.error().message;
    return out;
  }
  for (const auto& entry : *table) {
    rule next;
    for (const auto& [key, value] : entry.items()) {
      if (key == "providers" || key == "models") {
        (key == "models" ? next.models : next.providers) = patterns_of(value);
        continue;
      }
      const auto* found
        = std::find_if(members.begin(), members.end(),
                       [&key = key](const auto& x) { return x.name == key; });
      model_profile tried;
      if (found == members.end() || !found->set(tried, value))
        out.problem = to_text(entry) + ": " + key;
      else
        next.changes.emplace_back(found, value);
    }
    out.all.push_back(std::move(next));
  }
  return out;
}

const rules& known_rules() {
  static const auto known = read_rules();
  return known;
}

} // namespace

model_profile
profile_of(std::string_view provider_name, std::string_view model_name) {
  model_profile profile;
  for (const auto& rule : known_rules().all)
    if (rule.is_for(provider_name, model_name))
      for (const auto& [member, value] : rule.changes)
        member->set(profile, value);
  return profile;
}

model_profile profile_of_model(std::string_view model) {
  const auto colon = model.find(':');
  const auto prefix = model.substr(0, colon);
  const auto name
    = colon == std::string_view::npos ? prefix : model.substr(colon + 1);
  const auto* provider = find_provider(prefix);
  return profile_of(provider == nullptr ? prefix : provider->provider_name,
                    name);
}

std::string check_profile_table() {
  return known_rules().problem;
}

} // namespace perdure::runtime

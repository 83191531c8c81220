#include "runtime/models/chat_thinking.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/openai_common.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

namespace {

void put(json& body, const char* key, json value) {
  if (!body.contains(key))
    body[key] = std::move(value);
}

/// OpenRouter's object, the same for the models of all vendors.
void ask_by_object(json& body, const json& settings,
                   const model_profile& profile) {
  const auto wish = wish_of(settings, profile);
  if (!wish)
    return;
  if (wish->wanted)
    put(body, "reasoning",
        {{"effort",
          wish->effort.empty() ? "medium" : effort_name(wish->effort, profile)},
         {"enabled", true}});
  else
    put(body, "reasoning", {{"effort", "none"}});
}

/// Groq says where thoughts appear; some of its models take an effort besides.
void ask_by_format(json& body, const json& settings,
                   const model_profile& profile) {
  const auto* value = find_value(settings, "thinking");
  if (value == nullptr || profile.thinking == thinking_habit::never)
    return;
  const auto is_wanted = *value != false;
  const auto can_stop = profile.thinking != thinking_habit::always;
  if (!is_wanted && can_stop)
    return put(body, "reasoning_effort", "none");
  if (!is_wanted && !profile.supports_effort)
    return;
  put(body, "reasoning_format", is_wanted ? "parsed" : "hidden");
  if (!profile.supports_effort)
    return;
  const auto* effort = value->get_ptr<const std::string*>();
  put(body, "reasoning_effort",
      !is_wanted
        ? effort_name("minimal", profile)
        : effort_name(effort == nullptr ? "medium" : *effort, profile));
}

} // namespace

void ask_to_think(json& body, const json& settings,
                  const model_profile& profile) {
  if (const auto* own = find_value(settings, "openai_reasoning_effort"))
    put(body, "reasoning_effort", *own);
  switch (profile.chat_thinking) {
    case chat_thinking_form::effort:
      if (auto effort = reasoning_effort(settings, profile); !effort.is_null())
        put(body, "reasoning_effort", std::move(effort));
      break;
    case chat_thinking_form::object:
      ask_by_object(body, settings, profile);
      break;
    case chat_thinking_form::format:
      ask_by_format(body, settings, profile);
      break;
  }
}

} // namespace perdure::runtime

#include "config/capability_reader.hpp"
#include "config/tool_reader.hpp"
#include "runtime/models/provider_table.hpp"

#include <algorithm>

/// Capabilities that are about what goes to the model, and back.
namespace perdure::config {

namespace {

using runtime::json;

/// The one argument, whether it has its name or not.
std::optional<file_place>
only_argument(const file_place& place, bool is_positional, const char* name,
              const reading& with) {
  if (is_positional)
    return place;
  return field_reader{place, with, {name}}.find(name);
}

/// Whether one of the agent's models may be asked over `wire`.
bool speaks(const runtime::agent_definition& definition,
            std::string_view wire) {
  const auto may_speak = [wire](const std::string& model) {
    const auto* provider
      = runtime::find_provider(model.substr(0, model.find(':')));
    // What the node file alone knows may be anything.
    return provider == nullptr || provider->wire == wire;
  };
  return may_speak(definition.model)
         || std::any_of(definition.fallback_models.begin(),
                        definition.fallback_models.end(), may_speak);
}

/// Sets a model setting that stands for a whole capability.
void set_setting(const field_reader& fields, agent_draft& draft,
                 const char* name, std::string_view wire, json value) {
  auto& settings = draft.definition.model_settings;
  if (settings.contains(name))
    return fields.add("model_settings." + std::string{name}
                      + " says it already; leave one of both out");
  if (!speaks(draft.definition, wire))
    return fields.add("is for models of the wire format " + std::string{wire}
                      + ", and the agent has none");
  settings[name] = std::move(value);
}

} // namespace

void read_system_prompts(const file_place& place, bool is_positional,
                         const reading& with, agent_draft& draft) {
  const auto given
    = only_argument(place, is_positional, "replace_existing", with);
  const auto replaces = given ? to_json(*given, with) : json(false);
  if (!replaces.is_boolean())
    return with.problems.add(given->node->position, given->path,
                             "must be true or false");
  draft.definition.drops_system_prompts = replaces.get<bool>();
  if (replaces == false)
    with.problems.warn(place.node->position, place.path,
                       "has no effect: an agent has instructions and no system "
                       "prompts, and they are in force with every request");
}

void read_return_schemas(const file_place& place, bool is_positional,
                         const reading& with, agent_draft& draft) {
  const auto selector = only_argument(place, is_positional, "tools", with);
  for (auto* tool :
       selector ? select_tools(*selector, with, draft) : all_tools(draft))
    tool->tells_return_schema = true;
  runtime::tool_rule rule;
  rule.tells_return_schema = true;
  add_tool_rule(draft, selector ? to_json(*selector, with) : json("all"),
                std::move(rule));
}

void read_openai_compaction(const file_place& place, const reading& with,
                            agent_draft& draft) {
  const field_reader fields{
    place, with, {"stateless", "token_threshold", "message_count_threshold"}};
  for (const auto* key : {"stateless", "message_count_threshold"})
    if (const auto found = fields.find(key);
        found && to_json(*found, with) != false)
      fields.add(*found, "is not supported by this version: OpenAI is asked to "
                         "compact as part of each request, by token_threshold");
  json edit{{"type", "compaction"}};
  if (const auto tokens = fields.integer("token_threshold", 1))
    edit["compact_threshold"] = *tokens;
  set_setting(fields, draft, "openai_context_management", "openai-responses",
              json::array({std::move(edit)}));
}

void read_anthropic_compaction(const file_place& place, const reading& with,
                               agent_draft& draft) {
  constexpr std::int64_t tokens_min = 50'000;
  constexpr std::int64_t tokens_default = 150'000;
  const field_reader fields{
    place, with, {"token_threshold", "instructions", "pause_after_compaction"}};
  if (fields.boolean("pause_after_compaction").value_or(false))
    fields.add(*fields.find("pause_after_compaction"),
               "is not supported by this version: a run has nobody who would "
               "act on the pause");
  const auto tokens
    = fields.integer("token_threshold", tokens_min).value_or(tokens_default);
  json edit{{"type", "compact_20260112"},
            {"trigger", {{"type", "input_tokens"}, {"value", tokens}}}};
  if (auto words = fields.text("instructions"))
    edit["instructions"] = std::move(*words);
  set_setting(fields, draft, "anthropic_context_management", "anthropic",
              json{{"edits", json::array({std::move(edit)})}});
}

} // namespace perdure::config

#include "config/agent_reader.hpp"

#include "config/capability_reader.hpp"
#include "config/template.hpp"
#include "runtime/models/provider_table.hpp"
#include "runtime/models/setting_check.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

using runtime::json;

constexpr std::int64_t retries_max = 1000;

bool is_agent_name(std::string_view name) {
  constexpr std::size_t size_max = 64;
  const auto is_valid = [](char sign) {
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z')
           || (sign >= '0' && sign <= '9') || sign == '_' || sign == '-'
           || sign == '.';
  };
  return !name.empty() && name.size() <= size_max && name.front() != '.'
         && std::all_of(name.begin(), name.end(), is_valid);
}

void read_name(const field_reader& fields, agent_draft& draft) {
  if (auto name = fields.text("name"))
    draft.definition.name = std::move(*name);
  if (!is_agent_name(draft.definition.name))
    fields.add(fields.find("name").value_or(fields.place()),
               "the name '" + draft.definition.name
                 + "' must have 1 to 64 letters, digits, '_', '-' or '.', and "
                   "not start with '.'");
}

void read_model(const field_reader& fields, const reading& with,
                agent_draft& draft) {
  if (!fields.required_text("model"))
    return;
  if (auto model = read_model_name(*fields.find("model"), with, draft))
    draft.definition.model = std::move(*model);
}

/// The names that a schema has for the properties of its objects.
std::vector<std::string> property_names(const json& schema) {
  std::vector<std::string> names;
  for (const auto& [name, value] : schema["properties"].items())
    names.push_back(name);
  return names;
}

/// Follows a dotted name into the schema as far as the schema says something.
void check_name(const std::string& name, const json& deps_schema,
                const file_place& place, const reading& with) {
  const auto* schema = &deps_schema;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const auto is_known = schema->is_object() && schema->contains("properties")
                          && (*schema)["properties"].is_object();
    const auto is_open
      = schema->is_object()
        && (schema->contains("patternProperties")
            || (schema->contains("additionalProperties")
                && (*schema)["additionalProperties"] != false));
    if (!is_known)
      return;
    const auto end = std::min(name.find('.', begin), name.size());
    const auto key = name.substr(begin, end - begin);
    const auto found = (*schema)["properties"].find(key);
    if (found == (*schema)["properties"].end()) {
      if (!is_open)
        with.problems.add(place.node->position, place.path,
                          "the template names '" + name
                            + "', which deps_schema does not have; "
                            + name_hint(key, property_names(*schema)));
      return;
    }
    schema = &*found;
    begin = end + 1;
  }
}

void check_template(const std::string& text, const json& deps_schema,
                    const file_place& place, const reading& with) {
  const auto names = names_in(text);
  if (!names) {
    with.problems.add(place.node->position, place.path, names.error().message);
    return;
  }
  if (deps_schema.is_object())
    for (const auto& name : *names)
      check_name(name, deps_schema, place, with);
}

void read_instructions(const field_reader& fields, const reading& with,
                       const json& deps_schema, agent_draft& draft) {
  const auto found = fields.find("instructions");
  if (!found)
    return;
  const auto is_list = found->node->type == document::kind::array;
  const auto count = is_list ? found->node->items.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = is_list ? found->at(i) : *found;
    auto text = read_text(place, with);
    if (!text)
      continue;
    const auto templated = is_template(*text);
    if (templated)
      check_template(*text, deps_schema, place, with);
    draft.definition.instructions.push_back({std::move(*text), templated});
  }
}

void read_model_settings(const field_reader& fields, const reading& with,
                         agent_draft& draft) {
  auto settings = fields.object("model_settings");
  if (!settings || settings->empty())
    return;
  const auto place = *fields.find("model_settings");
  const auto place_of = [&](const std::string& name) {
    const auto* node = place.node->find(name);
    return node == nullptr ? place : place.at(name, *node);
  };
  auto problems = runtime::check_settings(*settings);
  const auto& model = draft.definition.model;
  if (const auto* provider
      = runtime::find_provider(model.substr(0, model.find(':'))))
    for (auto& ignored :
         runtime::settings_without_effect(*settings, provider->wire))
      problems.push_back(std::move(ignored));
  for (const auto& [name, message, is_warning] : problems) {
    const auto at = place_of(name);
    if (is_warning)
      with.problems.warn(at.node->position, at.path, message);
    else
      with.problems.add(at.node->position, at.path, message);
  }
  draft.definition.model_settings = std::move(*settings);
}

void read_retries(const field_reader& fields, const reading& with,
                  agent_draft& draft) {
  const auto found = fields.find("retries");
  if (!found)
    return;
  auto& definition = draft.definition;
  if (found->node->type == document::kind::object) {
    const field_reader budgets{*found, with, {"tools", "output"}};
    if (const auto tools = budgets.integer("tools", 0, retries_max))
      definition.tool_retries = static_cast<std::uint32_t>(*tools);
    if (const auto output = budgets.integer("output", 0, retries_max))
      definition.output_retries = static_cast<std::uint32_t>(*output);
  } else if (const auto both = fields.integer("retries", 0, retries_max)) {
    definition.tool_retries = static_cast<std::uint32_t>(*both);
    definition.output_retries = static_cast<std::uint32_t>(*both);
  }
}

void read_end_strategy(const field_reader& fields, agent_draft& draft) {
  using enum runtime::end_strategy;
  const auto name
    = fields.choice("end_strategy", {"early", "graceful", "exhaustive"});
  if (!name)
    return;
  for (const auto strategy : {early, graceful, exhaustive})
    if (runtime::to_string(strategy) == *name)
      draft.definition.end_strategy = strategy;
}

} // namespace

std::optional<std::string>
read_model_name(const file_place& place, const reading& with,
                const agent_draft& draft) {
  constexpr std::string_view script = "script:";
  auto model = read_text(place, with);
  if (!model)
    return std::nullopt;
  const auto colon = model->find(':');
  const auto has_both
    = colon != std::string::npos && colon > 0 && colon + 1 < model->size();
  if (*model != "test" && !has_both)
    with.problems.add(place.node->position, place.path,
                      "must be provider:model, such as openai:gpt-5, or test");
  if (model->starts_with(script) && has_both)
    *model
      = std::string{script} + resolve_path(draft, model->substr(script.size()));
  return model;
}

std::string resolve_path(const agent_draft& draft, const std::string& path) {
  return (draft.folder / path).lexically_normal().string();
}

void read_agent(const file_place& root, const reading& with,
                agent_draft& draft) {
  const field_reader fields{root,
                            with,
                            {"$schema", "model", "name", "description",
                             "instructions", "deps_schema", "output_schema",
                             "model_settings", "retries", "end_strategy",
                             "tool_timeout", "metadata", "capabilities"}};
  if (root.node->type != document::kind::object)
    return;
  read_name(fields, draft);
  read_model(fields, with, draft);
  const auto schema_hint = fields.text("$schema");
  const auto deps_schema = fields.object("deps_schema").value_or(json{});
  auto& definition = draft.definition;
  definition.description = fields.text("description").value_or("");
  if (is_template(definition.description))
    check_template(definition.description, deps_schema,
                   *fields.find("description"), with);
  read_instructions(fields, with, deps_schema, draft);
  read_model_settings(fields, with, draft);
  read_retries(fields, with, draft);
  read_end_strategy(fields, draft);
  read_output_schema(fields, with, draft);
  draft.tool_timeout = fields.seconds("tool_timeout");
  definition.metadata = fields.object("metadata").value_or(json{});
  definition.model_policy = runtime::default_model_policy();
  if (const auto list = fields.find("capabilities"))
    read_capabilities(*list, with, draft);
  if (!definition.mcp_servers.empty())
    with.problems.warn(root.node->position, "",
                       "the tools of MCP servers are not called by this "
                       "version yet");
}

} // namespace perdure::config

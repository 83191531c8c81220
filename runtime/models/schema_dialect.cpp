#include "runtime/models/schema_dialect.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::runtime {

namespace {

// Deeper than this a schema is left as it is; it bounds the recursion.
constexpr int depth_max = 64;

/// Keywords that strict mode has no use for.
constexpr auto not_strict = std::to_array<std::string_view>(
  {"minLength", "maxLength", "patternProperties", "unevaluatedProperties",
   "propertyNames", "minProperties", "maxProperties", "unevaluatedItems",
   "contains", "minContains", "maxContains", "uniqueItems"});

constexpr auto strict_formats = std::to_array<std::string_view>(
  {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6",
   "uuid"});

/// One of these says what an item may be.
constexpr auto type_bearing = std::to_array<std::string_view>(
  {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"});

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool lists(const json& list, const std::string& name) {
  return list.is_array()
         && std::any_of(list.begin(), list.end(),
                        [&](const json& item) { return item == name; });
}

/// Calls `change` with each schema inside of `schema`.
template <class Change>
void each_child(json& schema, const Change& change) {
  for (const auto* key : {"properties", "patternProperties", "$defs",
                          "definitions", "dependentSchemas"})
    if (schema.contains(key) && schema[key].is_object())
      for (auto& [name, child] : schema[key].items())
        change(child);
  for (const auto* key : {"items", "additionalProperties", "not", "contains",
                          "propertyNames", "if", "then", "else"})
    if (schema.contains(key) && schema[key].is_object())
      change(schema[key]);
  for (const auto* key : {"anyOf", "oneOf", "allOf", "prefixItems", "items"})
    if (schema.contains(key) && schema[key].is_array())
      for (auto& child : schema[key])
        change(child);
}

void add_note(json& schema, const std::string& note) {
  const auto text = schema.find("description");
  if (text != schema.end() && text->is_string()
      && !text->get_ref<const std::string&>().empty())
    schema["description"] = text->get<std::string>() + " (" + note + ")";
  else
    schema["description"] = note;
}

void drop(json& schema, std::initializer_list<const char*> keys) {
  for (const auto* key : keys)
    schema.erase(key);
}

bool looks_around(const json& pattern) {
  const auto* text = pattern.get_ptr<const std::string*>();
  return text != nullptr
         && (text->find("(?=") != text->npos || text->find("(?!") != text->npos
             || text->find("(?<") != text->npos);
}

/// Whether strict mode has no use for this keyword.
bool is_lost(const std::string& key, const json& value) {
  if (key == "format")
    return !value.is_string()
           || !holds(strict_formats, value.get_ref<const std::string&>());
  return holds(not_strict, key) || (key == "pattern" && looks_around(value));
}

/// OpenAI's rules. A schema that is made strict says all of its properties are
/// required, and tells in words what strict mode has no keyword for.
class strict_rules {
public:
  explicit strict_rules(bool is_forced) : is_forced_(is_forced) {
    // nop
  }

  /// Nothing was lost.
  [[nodiscard]] bool fits() const noexcept {
    return fits_;
  }

  void apply(json& schema, int depth = 0) {
    if (!schema.is_object())
      return;
    if (depth > depth_max) {
      fits_ = false;
      return;
    }
    each_child(schema, [&](json& child) { apply(child, depth + 1); });
    drop(schema, {"title", "$schema", "discriminator"});
    take_away("default", schema);
    move_to_words(schema);
    if (schema.contains("oneOf"))
      any_of(schema);
    if (schema.contains("$ref") && schema.size() > 1) {
      schema["anyOf"] = json::array({{{"$ref", schema["$ref"]}}});
      schema.erase("$ref");
    }
    const auto type = schema.value("type", json{});
    if (type == "object")
      close(schema);
    else if (type == "array")
      check_items(schema);
  }

private:
  void take_away(const char* key, json& schema) {
    if (!schema.contains(key))
      return;
    fits_ = false;
    if (is_forced_)
      schema.erase(key);
  }

  void move_to_words(json& schema) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : schema.items())
      if (is_lost(key, value))
        keys.push_back(key);
    std::string note;
    for (const auto& key : keys) {
      const auto& value = schema[key];
      note += (note.empty() ? "" : ", ") + key + "="
              + (value.is_string() ? value.get<std::string>() : to_text(value));
    }
    if (keys.empty())
      return;
    fits_ = false;
    if (!is_forced_)
      return;
    for (const auto& key : keys)
      schema.erase(key);
    add_note(schema, note);
  }

  void any_of(json& schema) {
    fits_ = false;
    if (!is_forced_)
      return;
    auto variants = schema["oneOf"];
    schema.erase("oneOf");
    schema["anyOf"] = std::move(variants);
  }

  void close(json& schema) {
    if (!schema.contains("properties"))
      schema["properties"] = json::object();
    const auto& properties = schema["properties"];
    if (is_forced_) {
      auto names = json::array();
      for (const auto& [name, value] : properties.items())
        names.push_back(name);
      schema["required"] = std::move(names);
      schema["additionalProperties"] = false;
      return;
    }
    const auto is_open = schema.contains("additionalProperties")
                         && schema["additionalProperties"] != false;
    const auto required = schema.value("required", json{});
    auto all_required = required.is_array();
    for (const auto& [name, value] : properties.items())
      all_required = all_required && lists(required, name);
    if (!is_open)
      schema["additionalProperties"] = false;
    fits_ = fits_ && !is_open && all_required;
  }

  void check_items(const json& schema) {
    const auto items = schema.value("items", json{});
    auto is_typed = false;
    if (items.is_object())
      for (const auto& [key, value] : items.items())
        is_typed = is_typed || holds(type_bearing, key);
    if (!is_typed && !schema.contains("prefixItems"))
      fits_ = false;
  }

  bool is_forced_;
  bool fits_ = true;
};

void add_type_of(const json& value, json& schema) {
  if (schema.contains("type"))
    return;
  if (value.is_string())
    schema["type"] = "string";
  else if (value.is_boolean())
    schema["type"] = "boolean";
  else if (value.is_number_integer())
    schema["type"] = "integer";
  else if (value.is_number())
    schema["type"] = "number";
}

void apply_gemini(json& schema, int depth = 0) {
  if (!schema.is_object() || depth > depth_max)
    return;
  each_child(schema, [&](json& child) { apply_gemini(child, depth + 1); });
  drop(schema, {"$schema", "discriminator", "examples", "title",
                "exclusiveMinimum", "exclusiveMaximum"});
  if (schema.contains("const") && !schema["const"].is_null()) {
    const auto value = schema["const"];
    schema["enum"] = json::array({value});
    add_type_of(value, schema);
    schema.erase("const");
  }
  if (schema.value("type", json{}) == "string" && schema.contains("format")) {
    const auto format = to_text(schema["format"]);
    schema.erase("format");
    add_note(schema, "format: " + format.substr(1, format.size() - 2));
  }
}

/// Anthropic's strict mode wants closed objects, and no more than that.
void close_objects(json& schema, int depth = 0) {
  if (!schema.is_object() || depth > depth_max)
    return;
  each_child(schema, [&](json& child) { close_objects(child, depth + 1); });
  drop(schema, {"title", "$schema"});
  if (schema.value("type", json{}) == "object")
    schema["additionalProperties"] = false;
}

} // namespace

told_schema tell_schema(const json& schema, std::optional<bool> strict,
                        schema_dialect dialect) {
  told_schema told{schema, strict};
  switch (dialect) {
    case schema_dialect::plain:
      break;
    case schema_dialect::openai: {
      strict_rules rules{strict == true};
      if (strict != false)
        rules.apply(told.schema);
      if (!strict && rules.fits())
        told.strict = true;
      break;
    }
    case schema_dialect::anthropic:
      if (strict == true)
        close_objects(told.schema);
      break;
    case schema_dialect::gemini:
      apply_gemini(told.schema);
      break;
  }
  return told;
}

} // namespace perdure::runtime

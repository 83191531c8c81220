#include "perdure/schema.hpp"

#include <algorithm>
#include <utility>

namespace perdure::detail {

namespace {

constexpr std::string_view definitions_path = "#/$defs/";

/// `docs` of a field as keywords; a plain string is its description.
json keywords_of(const docs& of, std::string_view field) {
  if (!of.fields.is_object())
    return json::object();
  const auto found = of.fields.find(field);
  if (found == of.fields.end())
    return json::object();
  return found->is_object() ? *found : json{{"description", *found}};
}

json reference_to(const std::string& name) {
  return {{"$ref", std::string{definitions_path} + name}};
}

} // namespace

bool has_default(const docs& of, std::string_view field) {
  return keywords_of(of, field).contains("default");
}

json schema_builder::enter(const void* type, std::string_view name) {
  for (auto* known : {&open_, &recursive_})
    for (auto& one : *known)
      if (one.type == type) {
        one.is_recursive = true;
        return reference_to(one.name);
      }
  // Two types of one name in different namespaces must not meet.
  std::string unique{name};
  const auto is_taken = [&] {
    return definitions_.contains(unique)
           || std::any_of(open_.begin(), open_.end(),
                          [&](const auto& x) { return x.name == unique; });
  };
  for (int n = 2; is_taken(); ++n)
    unique = std::string{name} + '_' + std::to_string(n);
  open_.push_back({type, std::move(unique)});
  return nullptr;
}

void schema_builder::add_field(json& object, std::string_view name, json schema,
                               const docs& of, bool is_required) const {
  const auto keywords = keywords_of(of, name);
  schema.update(keywords);
  object["properties"][std::string{name}] = std::move(schema);
  if (is_required && !keywords.contains("default"))
    object["required"].push_back(name);
}

json schema_builder::leave(json object, const docs& of) {
  if (!of.description.empty())
    object["description"] = of.description;
  object["additionalProperties"] = false;
  auto type = std::move(open_.back());
  open_.pop_back();
  if (!type.is_recursive)
    return object;
  definitions_[type.name] = std::move(object);
  recursive_.push_back(std::move(type));
  return reference_to(recursive_.back().name);
}

json schema_builder::finish(json root) {
  if (definitions_.is_null())
    return root;
  // Models want an object at the top, not a reference to one.
  if (root.contains("$ref")) {
    const auto name
      = root["$ref"].get<std::string>().substr(definitions_path.size());
    root = definitions_[name];
  }
  root["$defs"] = std::move(definitions_);
  return root;
}

json integer_schema(bool is_unsigned) {
  json out{{"type", "integer"}};
  if (is_unsigned)
    out["minimum"] = 0;
  return out;
}

json nullable_schema(json schema) {
  return {{"anyOf", json::array({std::move(schema), {{"type", "null"}}})}};
}

} // namespace perdure::detail

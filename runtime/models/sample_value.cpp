#include "runtime/models/sample_value.hpp"

#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <cmath>

namespace perdure::runtime {

namespace {

/// One walk over a schema. Bounded: schemas may refer to themselves and ask
/// for lists of lists.
class sampler {
public:
  explicit sampler(const json& root) : root_(root) {
    // nop
  }

  json value(const json& schema, int depth) {
    ++steps_; // before anything that ends the walk, or lists are not bounded
    if (!schema.is_object() || depth > depth_max || steps_ > steps_max)
      return nullptr;
    if (const auto known = schema.find("const"); known != schema.end())
      return *known;
    for (const auto* key : {"enum", "examples"})
      if (const auto* list = find_array(schema, key);
          list != nullptr && !list->empty())
        return list->front();
    if (const auto* reference = find_text(schema, "$ref"))
      return value(resolve(*reference), depth + 1);
    for (const auto* key : {"anyOf", "oneOf"})
      if (const auto* list = find_array(schema, key);
          list != nullptr && !list->empty())
        return value(list->front(), depth + 1);
    if (const auto* list = find_array(schema, "allOf");
        list != nullptr && !list->empty())
      return value(merged(schema, *list), depth + 1);
    return typed(type_of(schema), schema, depth);
  }

private:
  static constexpr int depth_max = 32;
  static constexpr std::size_t steps_max = 10'000;
  static constexpr std::int64_t text_size_max = 100'000;

  json typed(std::string_view type, const json& schema, int depth) {
    if (type == "object")
      return object(schema, depth);
    if (type == "array")
      return array(schema, depth);
    if (type == "string")
      return text(schema);
    if (type == "integer" || type == "number")
      return number(schema, type == "integer");
    if (type == "boolean")
      return false;
    return nullptr;
  }

  static std::string_view type_of(const json& schema) {
    const auto* type = find_value(schema, "type");
    if (type != nullptr && type->is_array()) {
      for (const auto& name : *type)
        if (name.is_string() && name != "null")
          return name.get_ref<const std::string&>();
      return "null";
    }
    if (type != nullptr && type->is_string())
      return type->get_ref<const std::string&>();
    if (schema.contains("properties") || schema.contains("required"))
      return "object";
    if (schema.contains("items") || schema.contains("prefixItems"))
      return "array";
    if (schema.contains("minimum") || schema.contains("maximum"))
      return "number";
    return "string";
  }

  const json& resolve(const std::string& reference) {
    static const json nothing;
    if (!reference.starts_with('#'))
      return nothing;
    try {
      const json::json_pointer pointer{reference.substr(1)};
      return root_.contains(pointer) ? root_.at(pointer) : nothing;
    } catch (const json::exception&) {
      return nothing; // not a pointer
    }
  }

  /// `schema` and the members of its `allOf` as one schema.
  json merged(const json& schema, const json& list) {
    auto sum = schema;
    sum.erase("allOf");
    for (const auto& member : list) {
      const auto* reference = find_text(member, "$ref");
      const auto& part = reference == nullptr ? member : resolve(*reference);
      if (!part.is_object())
        continue;
      for (const auto& [key, value] : part.items()) {
        auto& known = sum[key];
        if (key == "properties" && known.is_object() && value.is_object())
          known.update(value);
        else if (key == "required" && known.is_array() && value.is_array())
          known.insert(known.end(), value.begin(), value.end());
        else
          known = value;
      }
    }
    return sum;
  }

  json object(const json& schema, int depth) {
    auto made = json::object();
    const auto* properties = find_object(schema, "properties");
    const auto* required = find_array(schema, "required");
    if (required == nullptr)
      return made;
    static const json anything = json::object();
    for (const auto& name : *required) {
      const auto* key = name.get_ptr<const std::string*>();
      if (key == nullptr)
        continue;
      const auto* known = properties == nullptr
                            ? nullptr
                            : find_value(*properties, key->c_str());
      made[*key] = value(known == nullptr ? anything : *known, depth + 1);
    }
    return made;
  }

  json array(const json& schema, int depth) {
    auto made = json::array();
    const auto* first = find_array(schema, "prefixItems");
    const auto* items = find_value(schema, "items");
    const auto count = find_integer(schema, "minItems").value_or(0);
    static const json anything = json::object();
    for (std::int64_t i = 0; i < count && steps_ < steps_max; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto* member = items;
      if (first != nullptr && at < first->size())
        member = &(*first)[at];
      made.push_back(value(member == nullptr ? anything : *member, depth + 1));
    }
    return made;
  }

  static json text(const json& schema) {
    const auto format = text_or_empty(schema, "format");
    if (format == "date")
      return "2024-01-01";
    if (format == "date-time")
      return "2024-01-01T00:00:00Z";
    if (format == "time")
      return "00:00:00Z";
    if (format == "uuid")
      return "00000000-0000-4000-8000-000000000000";
    if (format == "email")
      return "a@example.com";
    if (format == "uri" || format == "url")
      return "https://example.com/";
    const auto size_max
      = find_integer(schema, "maxLength").value_or(text_size_max);
    const auto wanted = find_integer(schema, "minLength").value_or(1);
    const auto size = std::clamp<std::int64_t>(
      std::max<std::int64_t>(wanted, 1), 0,
      std::clamp<std::int64_t>(size_max, 0, text_size_max));
    return std::string(static_cast<std::size_t>(size), 'a');
  }

  static std::optional<double> bound(const json& schema, const char* key) {
    const auto* value = find_value(schema, key);
    return value != nullptr && value->is_number()
             ? std::optional{value->get<double>()}
             : std::nullopt;
  }

  static json number(const json& schema, bool is_integer) {
    auto least = bound(schema, "minimum");
    auto most = bound(schema, "maximum");
    const auto above = bound(schema, "exclusiveMinimum");
    const auto below = bound(schema, "exclusiveMaximum");
    const auto step = is_integer ? 1.0 : 0.5;
    if (above && (!least || *above >= *least))
      least = is_integer ? std::floor(*above) + 1 : *above + step;
    if (below && (!most || *below <= *most))
      most = is_integer ? std::ceil(*below) - 1 : *below - step;
    if (above && below && !is_integer)
      least = most = (*above + *below) / 2;
    auto chosen = least.value_or(most ? std::min(*most, 0.0) : 0.0);
    if (const auto factor = bound(schema, "multipleOf"); factor && *factor > 0)
      chosen = std::ceil(chosen / *factor) * *factor;
    else if (is_integer)
      chosen = std::ceil(chosen);
    if (std::trunc(chosen) == chosen && std::abs(chosen) < 0x1p53)
      return static_cast<std::int64_t>(chosen);
    return chosen;
  }

  const json& root_;
  std::size_t steps_ = 0;
};

} // namespace

json sample_value(const json& schema) {
  return sampler{schema}.value(schema, 0);
}

} // namespace perdure::runtime

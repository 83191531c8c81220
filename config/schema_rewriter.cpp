#include "config/schema_rewriter.hpp"

#include "config/pattern.hpp"
#include "config/schema_graph.hpp"
#include "config/schema_reference.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>

namespace perdure::config {

namespace {

using runtime::json;
using plain_json = nlohmann::json;

constexpr std::size_t schema_count_max = 5000;
constexpr std::size_t document_depth_max = 300;

constexpr auto leaf_keywords = std::to_array<std::string_view>(
  {"type", "enum", "const", "pattern", "format", "minimum", "maximum",
   "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
   "maxLength", "uniqueItems"});

constexpr auto count_keywords = std::to_array<std::string_view>(
  {"minItems", "maxItems", "minProperties", "maxProperties"});

/// Keywords that assert something which nobody checks here.
constexpr auto unenforced_keywords = std::to_array<std::string_view>(
  {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
   "maxContains", "contentEncoding", "contentMediaType", "contentSchema",
   "nullable", "divisibleBy", "disallow", "extends"});

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool nests_deeper(const json& value, std::size_t levels) {
  if (!value.is_structured())
    return false;
  return levels == 0
         || std::any_of(value.begin(), value.end(), [=](const json& item) {
              return nests_deeper(item, levels - 1);
            });
}

class rewriter {
public:
  explicit rewriter(const json& root) : root_(root), references_(root) {
    // Up to draft 7, what stands beside a `$ref` means nothing.
    if (const auto* draft = find(root, "$schema");
        draft && draft->is_string()) {
      const auto name = draft->get<std::string>();
      lone_references_ = name.find("draft-0") != std::string::npos;
    }
  }

  runtime::result<rewritten_schema> run() {
    output_.document["$ref"] = refer({&root_, "", &root_}, true)["$ref"];
    while (!open_.empty() && !failure_) {
      const auto next = std::move(open_.back());
      open_.pop_back();
      current_ = next.index;
      rewrite(next.place);
    }
    if (failure_)
      return *failure_;
    if (auto checked = graph_.check(); !checked)
      return checked.error();
    return std::move(output_);
  }

private:
  struct open_schema {
    schema_place place;
    std::size_t index = 0;
  };

  static const json* find(const json& node, const char* key) {
    if (!node.is_object())
      return nullptr;
    const auto found = node.find(key);
    return found == node.end() ? nullptr : &*found;
  }

  static std::string name_of(std::size_t index) {
    return "s" + std::to_string(index);
  }

  void fail(const std::string& pointer, const std::string& message) {
    if (!failure_)
      failure_ = runtime::failure{runtime::errc::unsupported_schema,
                                  "at '" + pointer + "': " + message};
  }

  /// A reference to the rewritten form of `place`.
  /// @param in_place whether it is about the same value as the current schema
  plain_json refer(const schema_place& place, bool in_place) {
    const auto [entry, is_new] = indexes_.emplace(place.node, indexes_.size());
    const auto index = entry->second;
    if (is_new) {
      if (indexes_.size() > schema_count_max)
        fail(place.pointer,
             "more than " + std::to_string(schema_count_max) + " subschemas");
      graph_.add(place.pointer);
      open_.push_back({place, index});
    }
    if (index > 0 || !is_new)
      graph_.connect(current_, index, in_place);
    return {{"$ref", "#/definitions/" + name_of(index)}};
  }

  plain_json refer(const schema_place& parent, const json& node,
                   std::string_view key, bool in_place) {
    return refer(references_.child(parent, node, key), in_place);
  }

  void rewrite(const schema_place& place) {
    const auto& node = *place.node;
    auto result = plain_json::object();
    std::vector<leaf_check> checks;
    if (node.is_boolean()) {
      if (!node.get<bool>())
        checks.push_back(never_check());
    } else if (!node.is_object()) {
      fail(place.pointer, "a schema must be an object, true or false");
    } else if (const auto* reference = find(node, "$ref")) {
      add_reference(place, *reference, result);
      if (!lone_references_)
        rewrite_keywords(place, result, checks);
    } else {
      rewrite_keywords(place, result, checks);
    }
    if (!checks.empty()) {
      result[checks_keyword] = output_.checks.size();
      output_.checks.push_back(std::move(checks));
    }
    output_.document["definitions"][name_of(current_)] = std::move(result);
  }

  void add_reference(const schema_place& place, const json& reference,
                     plain_json& result) {
    if (!reference.is_string())
      return fail(place.pointer + "/$ref", "must be a string");
    auto target
      = references_.resolve(reference.get_ref<const std::string&>(), place);
    if (!target)
      return fail(place.pointer, target.error().message);
    result["allOf"].push_back(refer(*target, true));
  }

  void rewrite_keywords(const schema_place& place, plain_json& result,
                        std::vector<leaf_check>& checks) {
    for (const auto& [key, value] : place.node->items()) {
      if (failure_)
        return;
      const auto at = references_.child(place, value, key);
      if (holds(leaf_keywords, key))
        add_check(key, at, checks);
      else if (holds(count_keywords, key))
        add_count(key, at, result);
      else if (holds(unenforced_keywords, key))
        note_unenforced(value, at.pointer);
      else
        rewrite_applicator(key, place, at, result);
    }
  }

  void add_check(const std::string& key, const schema_place& at,
                 std::vector<leaf_check>& checks) {
    auto check = make_leaf_check(key, *at.node);
    if (!check)
      fail(at.pointer, check.error().message);
    else if (*check)
      checks.push_back(*check);
    else if (key == "format")
      output_.unenforced.push_back(at.pointer);
  }

  void add_count(const std::string& key, const schema_place& at,
                 plain_json& result) {
    const auto plain = to_plain(*at.node, 1);
    if (!plain || !plain->is_number_integer() || plain->get<std::int64_t>() < 0)
      return fail(at.pointer, "must be a whole number, at least 0");
    result[key] = *plain;
  }

  void note_unenforced(const json& value, const std::string& pointer) {
    if (!value.is_boolean() || value.get<bool>() == pointer.ends_with("ble"))
      output_.unenforced.push_back(pointer);
  }

  void rewrite_applicator(const std::string& key, const schema_place& place,
                          const schema_place& at, plain_json& result) {
    const auto& node = *place.node;
    if (key == "allOf" || key == "anyOf" || key == "oneOf")
      add_list(key, at, result);
    else if (key == "not" || key == "if")
      result[key] = refer(at, true);
    else if ((key == "then" || key == "else") && node.contains("if"))
      result[key] = refer(at, true);
    else if (key == "propertyNames" || key == "additionalProperties")
      result[key] = refer(at, false);
    else if (key == "contains")
      add_contains(place, at, result);
    else if (key == "items")
      add_items(place, at, result);
    else if (key == "prefixItems")
      add_prefix_items(at, result);
    else if (key == "additionalItems" && !node.contains("prefixItems")
             && node.contains("items") && node["items"].is_array())
      result[key] = refer(at, false);
    else if (key == "properties" || key == "patternProperties")
      add_properties(key, at, result);
    else if (key == "required")
      add_required(at, result);
    else if (key == "dependencies" || key == "dependentSchemas"
             || key == "dependentRequired")
      add_dependencies(at, result);
  }

  void
  add_list(const std::string& key, const schema_place& at, plain_json& result) {
    if (!at.node->is_array() || at.node->empty())
      return fail(at.pointer, "must be an array of schemas, not empty");
    for (std::size_t i = 0; i < at.node->size(); ++i)
      result[key].push_back(refer(at, (*at.node)[i], std::to_string(i), true));
  }

  void add_contains(const schema_place& place, const schema_place& at,
                    plain_json& result) {
    const auto* least = find(*place.node, "minContains");
    const auto is_default = least == nullptr || *least == 1;
    if (!is_default)
      output_.unenforced.push_back(place.pointer + "/minContains");
    // With a minimum of 0, every array is fine.
    if (is_default || *least != 0)
      result["contains"] = refer(at, false);
  }

  void add_items(const schema_place& place, const schema_place& at,
                 plain_json& result) {
    if (at.node->is_array()) {
      if (place.node->contains("prefixItems"))
        return fail(at.pointer, "must be a schema beside prefixItems");
      add_prefix_items(at, result);
    } else if (place.node->contains("prefixItems")) {
      result["additionalItems"] = refer(at, false);
    } else {
      result["items"] = refer(at, false);
    }
  }

  void add_prefix_items(const schema_place& at, plain_json& result) {
    if (!at.node->is_array())
      return fail(at.pointer, "must be an array of schemas");
    result["items"] = plain_json::array();
    for (std::size_t i = 0; i < at.node->size(); ++i)
      result["items"].push_back(
        refer(at, (*at.node)[i], std::to_string(i), false));
  }

  void add_properties(const std::string& key, const schema_place& at,
                      plain_json& result) {
    if (!at.node->is_object())
      return fail(at.pointer, "must be an object of schemas");
    result[key] = plain_json::object();
    for (const auto& [name, value] : at.node->items()) {
      if (name.find('\0') != std::string::npos)
        return fail(at.pointer, "a property name contains a zero byte");
      if (key == "patternProperties") {
        output_.has_key_patterns = true;
        if (auto checked = check_backtracking_pattern(name); !checked)
          return fail(at.pointer, checked.error().message);
      }
      result[key][name] = refer(at, value, name, false);
    }
  }

  std::optional<plain_json> names(const schema_place& at) {
    auto list = plain_json::array();
    const auto is_name = [](const json& item) { return item.is_string(); };
    if (!at.node->is_array()
        || !std::all_of(at.node->begin(), at.node->end(), is_name)) {
      fail(at.pointer, "must be an array of property names");
      return std::nullopt;
    }
    for (const auto& item : *at.node)
      list.push_back(item.get<std::string>());
    return list;
  }

  void add_required(const schema_place& at, plain_json& result) {
    if (auto list = names(at))
      result["required"] = std::move(*list);
  }

  /// Three keywords share one in draft 7, so what they say about the same
  /// property is joined by allOf.
  void add_dependencies(const schema_place& at, plain_json& result) {
    if (!at.node->is_object())
      return fail(at.pointer, "must be an object");
    for (const auto& [name, value] : at.node->items()) {
      const auto child = references_.child(at, value, name);
      plain_json dependency;
      if (value.is_array()) {
        auto list = names(child);
        if (!list)
          return;
        dependency = std::move(*list);
      } else {
        dependency = refer(child, true);
      }
      result["allOf"].push_back({{"dependencies", {{name, dependency}}}});
    }
  }

  const json& root_;
  schema_references references_;
  bool lone_references_ = false;
  std::map<const json*, std::size_t> indexes_;
  std::vector<open_schema> open_;
  std::size_t current_ = 0;
  schema_graph graph_;
  rewritten_schema output_;
  std::optional<runtime::failure> failure_;
};

} // namespace

runtime::result<rewritten_schema> rewrite_schema(const json& text) {
  if (nests_deeper(text, document_depth_max))
    return runtime::failure{runtime::errc::unsupported_schema,
                            "nests deeper than "
                              + std::to_string(document_depth_max) + " levels"};
  return rewriter{text}.run();
}

} // namespace perdure::config

#include "config/template.hpp"

#include "config/template_parser.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace perdure::config {

namespace {

using runtime::json;
using kind = template_node::kind;

constexpr std::size_t output_size_max = std::size_t{4} << 20;
constexpr std::size_t step_count_max = 1'000'000;

/// Opens a scope of names: bodies of `each` and `with`.
bool opens_scope(kind type) noexcept {
  return type == kind::each || type == kind::with;
}

const json* child_of(const json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array())
    return nullptr;
  std::size_t index = 0;
  const auto* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, index);
  const auto is_index = error == std::errc{} && stop == end;
  return is_index && index < value.size() ? &value[index] : nullptr;
}

bool is_true(const json* value) {
  if (value == nullptr || value->is_null())
    return false;
  if (value->is_boolean())
    return value->get<bool>();
  if (value->is_number())
    return value->get<double>() != 0;
  if (value->is_string())
    return !value->get_ref<const std::string&>().empty();
  return value->is_object() || !value->empty();
}

class renderer {
public:
  explicit renderer(const json& deps) {
    scopes_.push_back({&deps, nullptr, nullptr, {}, {}});
  }

  void run(const std::vector<template_node>& nodes) {
    for (const auto& node : nodes) {
      if (++steps_ > step_count_max || output_.size() > output_size_max) {
        is_too_large_ = true;
        return;
      }
      run(node);
    }
  }

  runtime::result<std::string> take() {
    if (is_too_large_ || output_.size() > output_size_max)
      return runtime::failure{runtime::errc::invalid_argument,
                              "the template makes more than 4 MiB of text"};
    return std::move(output_);
  }

private:
  struct scope {
    const json* value = nullptr;
    /// In an `each`: where it stands.
    const json* index = nullptr;
    const json* key = nullptr;
    json first;
    json last;
  };

  void run(const template_node& node) {
    if (node.type == kind::text) {
      output_ += node.text;
      return;
    }
    const auto* value = find(node.path);
    if (node.type == kind::value)
      return write(value);
    const auto holds = is_true(value) != (node.type == kind::unless);
    if (node.type == kind::each)
      each(node, value);
    else if (!holds)
      run(node.otherwise);
    else if (node.type == kind::with)
      with_scope({value, nullptr, nullptr, {}, {}}, node.body);
    else
      run(node.body);
  }

  void each(const template_node& node, const json* list) {
    if (list == nullptr || !list->is_structured() || list->empty())
      return run(node.otherwise);
    std::size_t position = 0;
    for (const auto& [name, item] : list->items()) {
      const json index = position;
      const json key = list->is_array() ? index : json(name);
      ++position;
      with_scope({&item, &index, &key, position == 1, position == list->size()},
                 node.body);
      if (is_too_large_)
        return;
    }
  }

  void with_scope(scope inner, const std::vector<template_node>& body) {
    scopes_.push_back(std::move(inner));
    run(body);
    scopes_.pop_back();
  }

  const json* find(const template_path& path) const {
    using start = template_path::start;
    if (path.from != start::here && path.from != start::root)
      return find_position(path.from);
    if (path.parents >= scopes_.size())
      return nullptr;
    const auto* value = path.from == start::root
                          ? scopes_.front().value
                          : scopes_[scopes_.size() - 1 - path.parents].value;
    for (const auto& key : path.keys)
      if (value != nullptr)
        value = child_of(*value, key);
    return value;
  }

  const json* find_position(template_path::start from) const {
    using start = template_path::start;
    const auto each
      = std::find_if(scopes_.rbegin(), scopes_.rend(),
                     [](const scope& item) { return item.index != nullptr; });
    if (each == scopes_.rend())
      return nullptr;
    if (from == start::index)
      return each->index;
    if (from == start::key)
      return each->key;
    return from == start::first ? &each->first : &each->last;
  }

  void write(const json* value) {
    if (value == nullptr || value->is_null())
      return;
    if (value->is_string())
      output_ += value->get_ref<const std::string&>();
    else
      output_ += runtime::to_text(*value);
  }

  std::vector<scope> scopes_;
  std::string output_;
  std::size_t steps_ = 0;
  bool is_too_large_ = false;
};

void collect(const std::vector<template_node>& nodes, std::size_t depth,
             std::vector<std::string>& names) {
  using start = template_path::start;
  for (const auto& node : nodes) {
    const auto& path = node.path;
    const auto is_root = path.from == start::root
                         || (path.from == start::here && path.parents == depth);
    if (node.type != kind::text && is_root && !path.keys.empty()) {
      auto name = path.keys.front();
      for (std::size_t i = 1; i < path.keys.size(); ++i)
        name += "." + path.keys[i];
      if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
    }
    collect(node.body, depth + (opens_scope(node.type) ? 1 : 0), names);
    collect(node.otherwise, depth, names);
  }
}

} // namespace

bool is_template(std::string_view text) noexcept {
  return text.find("{{") != std::string_view::npos;
}

runtime::result<std::string> render(const std::string& text, const json& deps) {
  const auto nodes = parse_template(text);
  if (!nodes)
    return nodes.error();
  renderer output{deps};
  output.run(*nodes);
  return output.take();
}

runtime::result<std::vector<std::string>> names_in(std::string_view text) {
  const auto nodes = parse_template(text);
  if (!nodes)
    return nodes.error();
  std::vector<std::string> names;
  collect(*nodes, 0, names);
  return names;
}

} // namespace perdure::config

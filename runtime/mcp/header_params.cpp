#include "runtime/mcp/header_params.hpp"

#include "runtime/base64.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

namespace perdure::runtime::mcp {

namespace {

constexpr std::string_view mark = "x-mcp-header";

/// Schemas that are deeper than this have no marks that count.
constexpr std::size_t depth_max = 64;

bool is_token(std::string_view text) {
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || signs.find(c) != signs.npos;
  });
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool has_mark(const json& value) {
  if (value.is_object())
    return std::any_of(value.items().begin(), value.items().end(),
                       [](const auto& item) {
                         return item.key() == mark || has_mark(item.value());
                       });
  return value.is_array() && std::any_of(value.begin(), value.end(), has_mark);
}

class mark_reader {
public:
  /// @returns what is wrong; empty when nothing is
  std::string read(const json& schema) {
    if (schema.is_object() && schema.contains(mark))
      fail("x-mcp-header must be on an argument");
    read_object(schema);
    return std::move(problem_);
  }

  std::vector<header_param> params;

private:
  void fail(std::string_view reason) {
    if (problem_.empty())
      problem_ = reason;
  }

  /// A mark counts at the end of a chain of `properties` and nowhere else.
  void read_object(const json& schema) {
    if (!schema.is_object())
      return;
    for (const auto& [key, value] : schema.items()) {
      if (key == "properties" && value.is_object())
        read_properties(value);
      else if (key != mark && has_mark(value))
        fail("x-mcp-header below " + key + " cannot be a header");
    }
  }

  void read_properties(const json& properties) {
    for (const auto& [name, schema] : properties.items()) {
      if (path_.size() >= depth_max)
        return fail("the schema is too deep");
      path_.push_back(name);
      if (schema.is_object())
        if (const auto found = schema.find(mark); found != schema.end())
          add(schema, *found);
      read_object(schema);
      path_.pop_back();
    }
  }

  void add(const json& schema, const json& name) {
    if (!name.is_string() || !is_token(name.get_ref<const std::string&>()))
      return fail("x-mcp-header must be the name of a header");
    const auto type = schema.find("type");
    if (type == schema.end()
        || (*type != "string" && *type != "integer" && *type != "boolean"))
      return fail("x-mcp-header must be on a string, an integer or a boolean");
    auto text = name.get<std::string>();
    if (!seen_.insert(lower(text)).second)
      return fail("x-mcp-header " + text + " is there twice");
    params.push_back({path_, std::move(text)});
  }

  std::vector<std::string> path_;
  std::set<std::string> seen_;
  std::string problem_;
};

const json*
value_at(const json& arguments, const std::vector<std::string>& path) {
  const auto* at = &arguments;
  for (const auto& key : path) {
    if (!at->is_object())
      return nullptr;
    const auto found = at->find(key);
    if (found == at->end())
      return nullptr;
    at = &*found;
  }
  return at;
}

/// @returns nothing for what does not go into a header
std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_boolean() || value.is_number_integer())
    return to_text(value);
  if (value.is_number_float()) {
    // An integer may have been written as 5.0.
    const auto number = value.get<double>();
    constexpr auto exact_max = 9'007'199'254'740'992.0;
    if (number >= -exact_max && number <= exact_max
        && number == static_cast<double>(static_cast<std::int64_t>(number)))
      return std::to_string(static_cast<std::int64_t>(number));
  }
  return std::nullopt;
}

} // namespace

result<std::vector<header_param>> header_params_of(const json& input_schema) {
  mark_reader reader;
  if (auto problem = reader.read(input_schema); !problem.empty())
    return failure{errc::unsupported_schema, std::move(problem)};
  return std::move(reader.params);
}

void add_param_headers(header_list& headers,
                       const std::vector<header_param>& params,
                       const json& arguments) {
  for (const auto& param : params)
    if (const auto* value = value_at(arguments, param.path))
      if (const auto text = scalar_text(*value))
        headers.emplace_back("Mcp-Param-" + param.name, header_value(*text));
}

std::string header_value(std::string_view text) {
  constexpr std::string_view begin = "=?base64?";
  constexpr std::string_view end = "?=";
  const auto is_plain = std::all_of(
    text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const auto has_edges
    = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  const auto looks_encoded = text.starts_with(begin) && text.ends_with(end);
  if (is_plain && !has_edges && !looks_encoded)
    return std::string{text};
  return std::string{begin} + base64(text) + std::string{end};
}

} // namespace perdure::runtime::mcp

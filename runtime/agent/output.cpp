#include "runtime/agent/output.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace perdure::runtime {

namespace {

constexpr std::string_view tool_name_base = "final_result";
constexpr std::string_view tool_description
  = "The final response which ends this conversation";
constexpr std::string_view default_template
  = "Always respond with a JSON object that's compatible with this schema:\n\n"
    "{schema}\n\nDon't include any text or Markdown fencing before or after.";

/// A type's name as a part of a tool's name: what every provider accepts.
std::string sanitized(std::string_view name) {
  std::string out;
  for (const unsigned char sign : name)
    out += std::isalnum(sign) != 0 || sign == '_' || sign == '-'
             ? static_cast<char>(sign)
             : '_';
  return out;
}

/// `names` as they come, each only once: `_2`, `_3` mark repetitions.
class unique_names {
public:
  std::string take(const std::string& wanted) {
    auto name = wanted;
    for (int n = 2; !taken_.insert(name).second; ++n)
      name = wanted + '_' + std::to_string(n);
    return name;
  }

private:
  std::set<std::string> taken_;
};

json wrapped(const char* key, const json& schema) {
  return {{"type", "object"},
          {"properties", {{key, schema}}},
          {"required", json::array({key})},
          {"additionalProperties", false}};
}

json asked_schema(const output_type& type) {
  return type.is_wrapped() ? wrapped("response", type.json_schema)
                           : type.json_schema;
}

/// Names of the types in a union, in order.
std::vector<std::string> kind_names(const output_definition& output) {
  unique_names names;
  std::vector<std::string> out;
  for (const auto& type : output.types)
    out.push_back(names.take(type.name.empty() ? "Output" : type.name));
  return out;
}

json union_schema(const output_definition& output) {
  const auto kinds = kind_names(output);
  auto variants = json::array();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    json variant{{"type", "object"}};
    if (!output.types[i].description.empty())
      variant["description"] = output.types[i].description;
    variant["properties"]
      = {{"kind", {{"type", "string"}, {"const", kinds[i]}}},
         {"data", asked_schema(output.types[i])}};
    variant["required"] = json::array({"kind", "data"});
    variant["additionalProperties"] = false;
    variants.push_back(std::move(variant));
  }
  return wrapped("result", {{"anyOf", std::move(variants)}});
}

using reading = std::variant<output_value, invalid_value>;

reading read_value(const output_definition& output, std::size_t index,
                   const json& given, json below) {
  const auto& type = output.types[index];
  const auto* value = &given;
  if (type.is_wrapped()) {
    const auto found = given.is_object() ? given.find("response") : given.end();
    if (!given.is_object() || found == given.end())
      return invalid_value{
        one_error("missing", "Field required: response", given)};
    value = &*found;
    below.push_back("response");
  }
  if (type.schema)
    if (auto errors = errors_of(*type.schema, *value, below); !errors.empty())
      return invalid_value{std::move(errors)};
  return output_value{*value, index};
}

reading read_union(const output_definition& output, const json& given) {
  const auto found = given.is_object() ? given.find("result") : given.end();
  if (!given.is_object() || found == given.end() || !found->is_object()
      || !found->contains("kind") || !found->contains("data"))
    return invalid_value{
      one_error("missing",
                "Field required: result, an object with kind and data", given)};
  const auto kinds = kind_names(output);
  const auto& kind = (*found)["kind"];
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kind == kinds[i])
      return read_value(output, i, (*found)["data"],
                        json::array({"result", "data"}));
  std::string valid;
  for (const auto& name : kinds)
    valid += (valid.empty() ? "" : ", ") + name;
  return invalid_value{one_error("union_tag_invalid",
                                 "result.kind must be one of " + valid, kind)};
}

/// The content of the first code block, if there is one; models fence JSON
/// even when they are told not to.
std::string_view without_fences(std::string_view text) {
  constexpr std::string_view fence = "```";
  const auto open = text.find(fence);
  const auto brace = text.find('{');
  if (open == std::string_view::npos || brace < open)
    return text;
  const auto line_end = text.find('\n', open);
  if (line_end == std::string_view::npos)
    return text;
  const auto close = text.find(fence, line_end);
  return text.substr(line_end + 1, close == std::string_view::npos
                                     ? std::string_view::npos
                                     : close - line_end - 1);
}

} // namespace

std::string_view to_string(output_mode mode) noexcept {
  switch (mode) {
    case output_mode::automatic:
      return "auto";
    case output_mode::tool:
      return "tool";
    case output_mode::native:
      return "native";
    case output_mode::prompted:
      return "prompted";
  }
  return "auto";
}

std::string_view to_string(end_strategy strategy) noexcept {
  switch (strategy) {
    case end_strategy::graceful:
      return "graceful";
    case end_strategy::early:
      return "early";
    case end_strategy::exhaustive:
      return "exhaustive";
  }
  return "graceful";
}

bool output_type::is_wrapped() const {
  if (!json_schema.is_object())
    return true;
  const auto type = json_schema.find("type");
  if (type != json_schema.end())
    return *type != "object";
  return !json_schema.contains("properties");
}

bool output_definition::asks_host() const noexcept {
  return has_validator
         || std::any_of(types.begin(), types.end(),
                        [](const auto& type) { return type.has_function; });
}

std::vector<output_tool> output_tools(const output_definition& output) {
  const auto is_single = output.types.size() == 1;
  unique_names names;
  std::vector<output_tool> tools;
  for (const auto& type : output.types) {
    std::string name{tool_name_base};
    if (!is_single && !type.name.empty())
      name += '_' + sanitized(type.name);
    auto description = type.description;
    if (description.empty())
      description = is_single || type.name.empty()
                      ? std::string{tool_description}
                      : type.name + ": " + std::string{tool_description};
    tools.push_back({names.take(name), std::move(description),
                     asked_schema(type), type.strict});
  }
  return tools;
}

std::optional<std::size_t>
output_tool_index(const output_definition& output, std::string_view tool_name) {
  if (!tool_name.starts_with(tool_name_base))
    return std::nullopt;
  const auto tools = output_tools(output);
  for (std::size_t i = 0; i < tools.size(); ++i)
    if (tools[i].name == tool_name)
      return i;
  return std::nullopt;
}

output_format format_of(const output_definition& output) {
  if (output.types.size() > 1)
    return {std::string{tool_name_base},
            std::string{tool_description},
            union_schema(output),
            {}};
  const auto& type = output.types.front();
  auto name = sanitized(type.name);
  if (name.empty())
    name = tool_name_base;
  return {std::move(name), type.description, asked_schema(type), type.strict};
}

std::string output_instructions(const output_definition& output) {
  constexpr std::string_view slot = "{schema}";
  auto format = format_of(output);
  auto schema = std::move(format.schema);
  if (output.types.size() == 1) {
    if (!schema.contains("title") && !output.types.front().name.empty())
      schema["title"] = output.types.front().name;
    if (!schema.contains("description") && !format.description.empty())
      schema["description"] = std::move(format.description);
  }
  auto text = output.prompt_template.empty() ? std::string{default_template}
                                             : output.prompt_template;
  const auto at = text.find(slot);
  if (at == std::string::npos)
    return text + "\n\n" + to_text(schema);
  return text.replace(at, slot.size(), to_text(schema));
}

std::variant<output_value, invalid_value>
read_output_call(const output_definition& output, std::size_t type,
                 const json& args) {
  auto arguments = read_arguments(args);
  if (auto* invalid = std::get_if<invalid_value>(&arguments))
    return std::move(*invalid);
  return read_value(output, type, std::get<json>(arguments), json::array());
}

std::variant<output_value, invalid_value>
read_output_text(const output_definition& output, std::string_view text) {
  auto parsed = parse_json(without_fences(text));
  if (!parsed)
    return invalid_value{one_error(
      "json_invalid", "Invalid JSON: " + parsed.error().message, text)};
  if (output.types.size() > 1)
    return read_union(output, *parsed);
  return read_value(output, 0, *parsed, json::array());
}

} // namespace perdure::runtime

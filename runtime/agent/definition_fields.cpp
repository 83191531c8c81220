#include "runtime/agent/definition_fields.hpp"

#include <limits>

namespace perdure::runtime {

json without_defaults(const json& value, const json& defaults) {
  auto result = json::object();
  for (const auto& [key, content] : value.items())
    if (content != defaults.at(key))
      result[key] = content;
  return result;
}

void add_if_any(json& out, const char* key, json value) {
  if (!value.is_null() && !value.empty())
    out[key] = std::move(value);
}

void add_text(json& out, const char* key, const std::string& value) {
  if (!value.empty())
    out[key] = value;
}

json known_keys(const json& value, const json& model) {
  auto result = json::object();
  for (const auto& [key, content] : value.items())
    if (model.contains(key))
      result[key] = content;
  return result;
}

std::optional<std::uint32_t> read_u32(field_reader& in, std::string_view key) {
  const auto value = in.count(key);
  if (!value)
    return std::nullopt;
  if (*value > std::numeric_limits<std::uint32_t>::max()) {
    in.fail(key, "is too large");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*value);
}

std::optional<bool> read_optional_flag(field_reader& in, std::string_view key) {
  if (in.find(key) == nullptr)
    return std::nullopt;
  return in.flag(key, false);
}

task_policy
read_policy(field_reader& in, std::string_view key, const task_policy& normal) {
  const auto value = in.object(key);
  if (value.is_null())
    return normal;
  auto policy
    = task_policy_from_json(known_keys(value, to_json(normal)), normal);
  if (policy)
    return std::move(*policy);
  in.fail(key, policy.error().message);
  return normal;
}

schema_ptr compile_schema(const json& schema, const std::string& what,
                          definition_context& ctx) {
  if (!ctx.compile || ctx.schema_failure || !ctx.problem.empty())
    return nullptr;
  auto compiled = ctx.compile(schema);
  if (compiled)
    return std::move(*compiled);
  ctx.schema_failure
    = failure{compiled.error().code, what + ": " + compiled.error().message};
  return nullptr;
}

} // namespace perdure::runtime

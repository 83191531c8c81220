#pragma once

#include "runtime/agent/schema.hpp"
#include "runtime/field_reader.hpp"
#include "runtime/policy/task_policy.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the stored forms of an agent and of its parts are written and read
/// with: defaults are left out, and keys of a newer version are passed over.
namespace perdure::runtime {

// -- writing ------------------------------------------------------------------

/// Leaves out what is the same in `defaults`; both have the same keys.
json without_defaults(const json& value, const json& defaults);

/// Adds `value` unless it is empty or null.
void add_if_any(json& out, const char* key, json value);
void add_text(json& out, const char* key, const std::string& value);

template <class T>
void add_unless(json& out, const char* key, const T& value, const T& normal) {
  if (value != normal)
    out[key] = value;
}

// -- reading ------------------------------------------------------------------

/// What reading a definition needs everywhere.
struct definition_context {
  std::string problem;
  /// Set when a schema does not compile.
  std::optional<failure> schema_failure;
  const schema_compiler& compile;
};

/// Leaves out what `model` does not have: keys of a newer version.
json known_keys(const json& value, const json& model);

std::optional<std::uint32_t> read_u32(field_reader& in, std::string_view key);
std::optional<bool> read_optional_flag(field_reader& in, std::string_view key);
task_policy
read_policy(field_reader& in, std::string_view key, const task_policy& normal);

/// @param what names the schema's owner
schema_ptr compile_schema(const json& schema, const std::string& what,
                          definition_context& ctx);

} // namespace perdure::runtime

#pragma once

#include "runtime/field_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perdure::runtime {

/// By what the outcome of a task is found again. Append only, never renumber.
enum class cache_mode : std::uint8_t {
  /// It is not.
  none = 0,
  /// By everything that went into the task.
  inputs = 1,
};

/// Which runs may use an outcome. Append only, never renumber.
enum class cache_scope : std::uint8_t {
  /// Runs of the very same definition.
  definition = 0,
  /// Runs of any definition of the same agent.
  agent = 1,
  all = 2,
};

/// Whether a task may take the outcome that an equal task of another run had.
struct cache_policy {
  cache_mode mode = cache_mode::none;

  /// Inputs that do not matter: keys of a call's arguments or of the model
  /// settings, JSON pointers into them (`/query/page`), or `deps`, `metadata`,
  /// `model_settings` as a whole.
  std::vector<std::string> exclude;

  /// How long an outcome can be used; absent: for ever.
  std::optional<std::chrono::milliseconds> expiration;

  cache_scope scope = cache_scope::definition;
};

/// Reads `cache_policy`, `cache_exclude`, `cache_expiration` and `cache_scope`
/// of `value`, which `in` reads; keys left out keep what `into` says.
void read_cache_policy(field_reader& in, const json& value, cache_policy& into);

/// Adds those keys to `out`.
void write_cache_policy(const cache_policy& policy, json& out);

/// The keys of a JSON pointer, or of a plain name, which is one key.
/// @returns nothing for a pointer that is malformed
std::optional<std::vector<std::string>>
keys_of_pointer(const std::string& pointer);

} // namespace perdure::runtime

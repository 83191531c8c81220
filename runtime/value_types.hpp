#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// What a value that a person wrote may be: words, and the types `number`,
/// `integer`, `boolean`, `string`, `strings`, `list`, `object`, with `|` in
/// between.
namespace perdure::runtime {

/// Whether `value` is one of `types`.
bool fits(const json& value, std::string_view types);

/// What `types` says, for a person: `boolean, 5m or 1h`.
std::string in_words(std::string_view types);

} // namespace perdure::runtime

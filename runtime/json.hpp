#pragma once

#include "runtime/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace perdure::runtime {

/// JSON that keeps the order of keys: schemas and tool results reach the model
/// as their author wrote them. Note that comparing two objects with `==` is
/// sensitive to that order; `same_json` is not.
using json = nlohmann::ordered_json;

/// Parses `text`. @returns errc::invalid_argument with the position and what
/// was expected.
result<json> parse_json(std::string_view text);

/// Compact text of `value`. Strings that are not valid UTF-8 (a tool may print
/// anything) are written with U+FFFD in place of the broken bytes.
std::string to_text(const json& value);

/// Equality that ignores the order of keys.
bool same_json(const json& left, const json& right);

} // namespace perdure::runtime

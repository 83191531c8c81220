#pragma once

#include "runtime/agent/schema.hpp"
#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <string_view>
#include <variant>

/// Checks of what a model gave, and their results in the form a model is told:
/// a list of `{type, loc, msg, input}`.
namespace perdure::runtime {

/// A list of one error.
json one_error(std::string_view type, std::string_view message, json input);

struct invalid_value {
  json errors;
};

/// The arguments of a call as an object, or what is wrong with them.
/// @param args text of JSON, an object, or null for none
std::variant<json, invalid_value> read_arguments(const json& args);

/// What `schema` says is wrong with `value`; an empty list when nothing is.
/// @param below keys that lead to `value` in what the model gave
json errors_of(const schema& schema, const json& value,
               const json& below = json::array());

} // namespace perdure::runtime

#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <valijson/adapters/nlohmann_json_adapter.hpp>

namespace perdure::config {

/// The value as valijson sees it.
using schema_value = valijson::adapters::Adapter;

/// One assertion about one value that needs no other schema.
/// @returns what is wrong, or nothing
using leaf_check
  = std::function<std::optional<std::string>(const schema_value&)>;

/// The check of a keyword, e.g. `pattern`; these replace valijson's own, which
/// recurse per character, divide by zero or do not say what they expect.
/// @returns an empty function for a keyword that is none of them (or a `format`
/// that is not enforced); errc::unsupported_schema for a bad argument
runtime::result<leaf_check>
make_leaf_check(std::string_view keyword, const runtime::json& argument);

/// The check of the schema `false`.
leaf_check never_check();

/// A copy of `value` for valijson: numbers without a fraction are integers, so
/// that 1.0 is 1. @returns nothing when it nests deeper than `depth_max`.
std::optional<nlohmann::json>
to_plain(const runtime::json& value, std::size_t depth_max);

} // namespace perdure::config

#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

/// What a server sends to be read, as values that a model is shown.
namespace perdure::runtime::mcp {

/// A content block: a text (as JSON where it is), a file, or the URI of a link.
/// What is of no known type stays as it is.
json part_value(const json& part);

/// The contents of a resource: text or a file.
json resource_value(const json& contents);

/// The only item of an array, or the array.
json one_or_all(json items);

} // namespace perdure::runtime::mcp

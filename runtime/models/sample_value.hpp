#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

namespace perdure::runtime {

/// A small value that fits a JSON Schema, the same for the same schema: what
/// is constant, the first of what is listed or given as an example, only the
/// properties that are required, the least that bounds allow.
///
/// Patterns and combinations that contradict each other are not solved; the
/// result then does not fit.
json sample_value(const json& schema);

} // namespace perdure::runtime

#pragma once

#include <nlohmann/json.hpp>

namespace perdure {

/// JSON that keeps the order of keys: schemas and results reach the model as
/// their author wrote them.
using json = nlohmann::ordered_json;

} // namespace perdure

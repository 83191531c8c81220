#pragma once

#include "runtime/agent/definition_fields.hpp"
#include "runtime/agent/output.hpp"

namespace perdure::runtime {

/// The stored form of `output`; see `definition_json.hpp`.
json to_json(const output_definition& output);

/// Reads what `to_json` wrote. What is wrong goes to `ctx`.
output_definition read_output_definition(const json& value, std::string place,
                                         definition_context& ctx);

} // namespace perdure::runtime

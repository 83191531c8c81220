#pragma once

#include "runtime/flow/run_state.hpp"

#include <optional>

namespace perdure::runtime {

/// Looks at the call before anything runs.
/// @returns what the model is told instead of a result: unknown tool, arguments
/// that are not JSON or do not fit the schema; nothing when the call may run
std::optional<tool_result>
refuse(const agent_definition& definition, const tool_call_part& call);

/// The arguments are cut off in the middle of their JSON.
bool is_cut_off(const tool_call_part& call);

/// Text that ends the run: all text after the last provider-run tool call.
/// Absent when the response holds none.
std::optional<std::string> output_text(const model_response& response);

} // namespace perdure::runtime

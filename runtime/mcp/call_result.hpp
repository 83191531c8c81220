#pragma once

#include "runtime/agent/host_code.hpp"
#include "runtime/agent/schema.hpp"
#include "runtime/json.hpp"
#include "runtime/mcp/call.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <variant>

/// What the end of a tool call means for the run that made it.
namespace perdure::runtime::mcp {

/// A value for the model, or what the model is told instead; a failure ends
/// the run.
using tool_answer = std::variant<json, tool_retry, tool_failed, failure>;

/// The content of a `CallToolResult` as the value that a tool returns: the
/// structured content, or text, files and links; one item as it is, several as
/// a list.
json tool_value(const json& result);

/// @param result of `tools/call`
/// @param output_schema compiled; null when the tool has none
tool_answer read_tool_result(const json& result, const schema* output_schema,
                             tool_error_behavior on_error);

/// A call that failed for good, in the model's eyes: errors of the protocol
/// are asks to try again, unless they are to end the run.
tool_answer
read_tool_failure(const call_failure& reason, tool_error_behavior on_error);

} // namespace perdure::runtime::mcp

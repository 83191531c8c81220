#pragma once

#include "runtime/flow/questions.hpp"
#include "runtime/flow/settle.hpp"
#include "runtime/mcp/call.hpp"
#include "runtime/mcp/server.hpp"

#include <string>

/// What an attempt came to that an MCP server was asked for.
namespace perdure::runtime {

/// Of `tools/list`, all pages. A server that does not know the method has no
/// tools.
attempt_outcome
outcome_of_list(const mcp::server_options& server, std::string instructions,
                const json& capabilities, mcp::call_outcome outcome,
                const text_digest& digest);

/// Of what a call of `tool` asks for.
/// @param goes_on the server was asked to go on with what it had begun
attempt_outcome
outcome_of_call(const mcp::server_options& server, const tool_definition& tool,
                const tool_call_part& call, mcp::call_outcome outcome,
                bool goes_on);

} // namespace perdure::runtime

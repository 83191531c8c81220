#pragma once

#include "runtime/mcp/call.hpp"
#include "runtime/mcp/rpc.hpp"
#include "runtime/mcp/server_task.hpp"
#include "runtime/mcp/steps.hpp"

#include <string>
#include <variant>
#include <vector>

namespace perdure::runtime::mcp {

using result_reading
  = std::variant<completed, needs_input, server_task, call_failure>;

/// What the result of a call's own request means.
/// @param roots answer `roots/list` among what the server needs; null when it
/// is not to be answered
result_reading read_result(json result, const call_request& call, era spoken,
                           const json& roots);

/// What its error means: a failure, unless a person has to visit a URL first.
result_reading read_error(const rpc_error& error, const call_request& call);

/// The params of a call's own request.
/// @param token names the request in notifications of progress
json params_of(const call_request& call, era spoken, std::int64_t token);

/// `{"roots": [{"uri"}, ...]}`.
json roots_result(const std::vector<std::string>& uris);

/// The key under which the result of a list method holds its items; empty for
/// other methods.
std::string_view items_key(std::string_view method) noexcept;

} // namespace perdure::runtime::mcp

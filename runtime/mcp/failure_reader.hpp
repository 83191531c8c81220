#pragma once

#include "runtime/mcp/call.hpp"
#include "runtime/mcp/rpc.hpp"
#include "runtime/mcp/session.hpp"

#include <optional>

namespace perdure::runtime::mcp {

/// The JSON-RPC error in the body of an answer with an error status, if there
/// is one.
std::optional<rpc_error> error_in_body(const link_failure& reason);

/// What the end of an exchange means for the call that waited for it.
call_failure to_call_failure(const link_failure& reason);

/// What the server's error means for the call.
call_failure to_call_failure(const rpc_error& reason);

} // namespace perdure::runtime::mcp

#pragma once

#include "actors/node/run_client.hpp"
#include "perdure/mcp_server.hpp"
#include "perdure/output.hpp"
#include "perdure/run.hpp"
#include "perdure/run_context.hpp"
#include "perdure/task_config.hpp"
#include "perdure/tool.hpp"
#include "runtime/agent/host_code.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/policy/task_policy.hpp"
#include "runtime/policy/usage_limits.hpp"

#include <string>

/// Between the types of the library and those of the layers below.
namespace perdure::library {

[[noreturn]] void raise(const runtime::failure& reason);

/// The value, or the failure thrown as `perdure::error`.
template <class T>
T require(runtime::result<T> value) {
  if (!value)
    raise(value.error());
  return std::move(*value);
}

// -- inwards ------------------------------------------------------------------

runtime::usage_limits to_runtime(const usage_limits& limits);

/// What `config` says, on top of `base`.
runtime::task_policy
merged(const task_config& config, runtime::task_policy base);

runtime::tool_reply to_runtime(tool_reply reply);
runtime::output_reply to_runtime(output_reply reply);
/// Throws `perdure::error` for an entry that cannot be.
runtime::mcp::server_options to_runtime(mcp_server server);

/// The body of `POST /v1/runs`.
json create_body(const std::string& agent, const prompt& what,
                 const run_options& options);

/// The body of a decision. @param arguments_digest what was seen; empty for
/// whatever they are
json answer_body(const decision& what, const std::string& arguments_digest);

// -- outwards -----------------------------------------------------------------

run_context to_context(const runtime::host_context& from);
run_context to_context(const runtime::tool_invocation& from);
event to_event(const runtime::event_envelope& from);
event to_event(const runtime::event_invocation& from);
approval to_approval(const json& question);
run_result to_result(actors::run_view view);

} // namespace perdure::library

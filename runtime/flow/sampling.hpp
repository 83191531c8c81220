#pragma once

#include "runtime/flow/run_state.hpp"

#include <string>
#include <vector>

/// What MCP servers have the run's model say (`sampling/createMessage`).
///
/// Shape:   a request = {server, params, key?}; `params` as the server wrote
///          them, `key` names it among several things that were wanted at once
/// Source:  docs/architecture.md, "MCP servers in a run"
namespace perdure::runtime {

json sampling_request(const std::string& server, const json& params);

/// Whether it is the model that is to answer, and not a person.
bool is_sampling(const json& question) noexcept;

/// A model request that is made for a server.
struct sampling_plan {
  message_history messages;
  std::vector<std::string> instructions;
  /// The run's, with the settings that the server wants and nothing to call.
  definition_ptr definition;
};

/// Errors: errc::invalid_argument naming what is wrong with the request, or
/// what of it this client does not do
result<sampling_plan>
plan_sampling(const agent_definition& definition, const json& request);

/// What came of it: as content what the server is told, `{role, content, model,
/// stopReason}`, or why there is nothing.
elicited_answer sampled_answer(json request, const task_outcome& outcome);

} // namespace perdure::runtime

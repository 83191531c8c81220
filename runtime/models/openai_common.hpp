#pragma once

#include "runtime/models/request_plan.hpp"

#include <nlohmann/json.hpp>

/// What requests to the Chat Completions and Responses APIs share.
namespace perdure::runtime {

/// The level of effort that the settings ask for; null for none.
json reasoning_effort(const json& settings, const model_profile& profile);

/// Adds `tool_choice` and `parallel_tool_calls` to a body with tools.
void add_tool_settings(json& body, const json& settings, tool_choice choice);

} // namespace perdure::runtime

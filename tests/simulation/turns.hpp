#pragma once

#include "simulation/scenario.hpp"

/// Model requests that take more than one exchange.
namespace perdure::simulation {

/// Key of the task behind the key of one of its requests.
std::string task_key(const std::string& key);

/// What a request without a key of its own is about: a response that a provider
/// makes in the background, by the key of the request that asked for it.
/// @returns nothing for another request
std::optional<execution> job_request(const std::string& url);

/// Name of the agent's model whose provider works in the background, or whose
/// turns are paused.
inline constexpr const char* job_provider = "jobs";
inline constexpr const char* pausing_provider = "pausing";

std::vector<scenario> turn_scenarios();

} // namespace perdure::simulation

#pragma once

#include "perdure/agent.hpp"
#include "runtime/agent/definition.hpp"
#include "runtime/agent/host_code.hpp"

namespace perdure {

struct agent::parts {
  /// Without the settings of tasks, which come when it is served.
  runtime::agent_definition definition;
  runtime::host_code code;
  /// For tools that say nothing of their own.
  std::optional<std::chrono::milliseconds> tool_timeout;
  /// For types that are still to come.
  std::optional<bool> strict_output;
};

} // namespace perdure

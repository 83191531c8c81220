#include "runtime/agent/definition.hpp"

#include <algorithm>

namespace perdure::runtime {

const tool_definition*
agent_definition::tool(std::string_view tool_name) const noexcept {
  const auto found
    = std::find_if(tools.begin(), tools.end(),
                   [&](const auto& tool) { return tool.name == tool_name; });
  return found == tools.end() ? nullptr : &*found;
}

task_policy default_model_policy() {
  task_policy result;
  result.retries = 3;
  return result;
}

task_policy default_tool_policy() {
  return {};
}

} // namespace perdure::runtime

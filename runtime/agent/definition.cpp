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

bool agent_definition::needs_host() const noexcept {
  return output.asks_host()
         || std::any_of(
           tools.begin(), tools.end(),
           [](const auto& x) { return x.kind == tool_kind::function; })
         || std::any_of(handlers.begin(), handlers.end(), [](const auto& x) {
              return x.kind == handler_kind::function;
            });
}

task_policy default_model_policy() {
  task_policy result;
  result.retries = 3;
  return result;
}

task_policy default_tool_policy() {
  return {};
}

task_policy default_mcp_policy() {
  task_policy result;
  result.retries = 3;
  return result;
}

} // namespace perdure::runtime

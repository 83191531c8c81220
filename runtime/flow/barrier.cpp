#include "runtime/flow/barrier.hpp"

#include <algorithm>

namespace perdure::runtime {

bool may_begin(const agent_definition& definition, const call_round& round,
               std::uint32_t index,
               const std::vector<std::uint32_t>& under_way) {
  const auto is_barrier = [&](std::uint32_t at) {
    const auto* tool = at < round.size()
                         ? definition.tool(round[at].part->tool_name)
                         : nullptr;
    return tool != nullptr && tool->sequential;
  };
  return under_way.empty()
         || (!is_barrier(index)
             && std::none_of(under_way.begin(), under_way.end(), is_barrier));
}

} // namespace perdure::runtime

#pragma once

#include "runtime/flow/round.hpp"

namespace perdure::runtime {

/// Whether the admitted call at `index` may begin while those at `under_way`
/// have not ended: a sequential one is alone, whenever somebody allowed it.
bool may_begin(const agent_definition& definition, const call_round& round,
               std::uint32_t index,
               const std::vector<std::uint32_t>& under_way);

} // namespace perdure::runtime

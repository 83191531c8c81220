#pragma once

#include "runtime/flow/run_state.hpp"

#include <vector>

namespace perdure::runtime {

/// What follows in a round of calls without any effect: refused arguments,
/// outputs, calls that an output made needless, questions to people, a run
/// that ends with its questions open.
/// @pre `state.phase == run_phase::calling`
[[nodiscard]] std::vector<entry>
conclude_round(const run_state& state, timestamp now);

} // namespace perdure::runtime

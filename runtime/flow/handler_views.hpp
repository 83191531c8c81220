#pragma once

#include "runtime/flow/run_state.hpp"

#include <vector>

/// JSON that the API shows of a run's event handlers.
namespace perdure::runtime {

/// In order of their position: `{name, kind, holds_run, handled_up_to, handled,
/// failed, attempts, lag, last_error}`; `lag` counts stored events that it has
/// not settled.
/// @param entries those that `state` is the fold of
json handlers_json(const run_state& state, const std::vector<entry>& entries);

/// The handlers that a run waits for, as rows of `why_json`.
json held_by_json(const run_state& state);

} // namespace perdure::runtime

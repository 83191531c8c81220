#pragma once

#include "runtime/flow/run_state.hpp"

#include <optional>
#include <string>

/// Outcomes of tasks that stand in for those of equal tasks of other runs.
namespace perdure::runtime {

/// The policy of the task is to look for an outcome first. What a person
/// allowed is executed, not looked up.
[[nodiscard]] bool is_cached(const run_state& state, const task_ref& task);

/// Whether an outcome is worth keeping: a whole response or a value, of a task
/// that was executed.
[[nodiscard]] bool is_reusable(const task_completed& done);

/// Whether an outcome that was stored at that moment can still be used.
[[nodiscard]] bool is_fresh(const cache_policy& policy, timestamp stored_at,
                            std::optional<timestamp> expires_at, timestamp now);

/// The outcome of `task` when it is taken from `stored`, an entry of `run_id`.
/// @returns nothing when that entry is no outcome for it
[[nodiscard]] std::optional<task_completed>
reused(const run_state& state, const task_ref& task, const entry& stored,
       const std::string& run_id, timestamp now);

} // namespace perdure::runtime

#pragma once

#include "runtime/flow/run_state.hpp"

#include <optional>
#include <variant>
#include <vector>

/// The decisions of a run. Pure: the present moment is an argument.
///
///     entry --apply--> state --conclude--> further entries, same append
///                        |
///                        +----decide-----> what should be under way now
namespace perdure::runtime {

/// A task that should be under way.
struct start_task {
  task_ref task;
  std::uint32_t attempt = 1;
  /// `task_started` must be durable before its effect (D5), and is not yet.
  bool intent_first = false;
};

/// Nothing of this run can begin before then.
struct wait_until {
  timestamp moment{};
};

using command = std::variant<start_task, wait_until>;

/// Entries that follow from the state without any effect: refused arguments, a
/// rejected output, the end of the run. They belong to the same append as what
/// led to them, so that a run is never found between the two.
/// @returns an empty list when the run needs an effect, or has ended.
[[nodiscard]] std::vector<entry>
conclude(const run_state& state, timestamp now);

/// All tasks that should be under way; none new while an event handler holds
/// the run. And the earliest moment at which another
/// one may begin. Ask again after every entry and at that moment; tasks that
/// are under way already are named again.
[[nodiscard]] std::vector<command>
decide(const run_state& state, timestamp now);

/// What a new owner appends first: the fate of tasks in doubt whose policy is
/// not to run them again (D5).
[[nodiscard]] std::vector<entry> recover(const run_state& state, timestamp now);

} // namespace perdure::runtime

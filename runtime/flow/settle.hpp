#pragma once

#include "runtime/flow/run_state.hpp"

#include <variant>

namespace perdure::runtime {

/// The tool wants somebody to allow the call, or to hand in its result.
struct tool_question {
  question_kind kind = question_kind::approval;
  /// Null when absent.
  json metadata;
};

/// Another system needs something before it goes on with the attempt's work;
/// another attempt follows.
struct input_needed {
  /// What that attempt goes on from (`input_note`).
  json note;
};

/// What one attempt of a task came to.
using attempt_outcome
  = std::variant<model_response, tool_result, attempt_failure, tool_question,
                 tool_listing, input_needed>;

/// One attempt that is over.
struct attempt_report {
  task_ref task;
  std::uint32_t attempt = 1;
  timestamp started_at{};
  attempt_outcome outcome;
  /// Of an attempt that failed: what another one would go on with, see
  /// `task_noted`. Null for nothing.
  json note = {};
};

/// The entry that a finished attempt becomes: the task's outcome, or a failed
/// attempt that another one follows. A tool that failed on its own account is
/// told to the model; what no attempt can mend fails the run. A model that
/// gives up hands over to the next of the definition.
/// @param random uniform in [0, 1), spreads the retries
[[nodiscard]] entry settle(const run_state& state, attempt_report report,
                           timestamp now, double random);

/// `settle`, and behind a failure that another attempt of the same work follows
/// the note that it goes on with.
[[nodiscard]] std::vector<entry>
close_attempt(const run_state& state, attempt_report report, timestamp now,
              double random);

} // namespace perdure::runtime

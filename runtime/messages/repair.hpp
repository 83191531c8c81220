#pragma once

#include "runtime/messages/message.hpp"

#include <vector>

/// Making a history fit to be sent to a model.
///
/// Source:  docs/formats.md, "Message history"
namespace perdure::runtime {

/// Returns `history` as it can be sent: without results of calls that are not
/// there, with a result for every call, and without neighbours that belong
/// together. The calls of a last response stay open, because they may still be
/// run, unless that response was interrupted.
///
/// Deterministic and idempotent. Messages that need no change are shared with
/// `history`.
/// @pre no pointer in `history` is null
message_history repair(const message_history& history);

/// Where a history stands.
struct history_tail {
  bool ends_in_request = false;
  /// Nullptr when there is none.
  const model_response* last_response = nullptr;
  /// Calls of `last_response` without a result, in emission order. They live as
  /// long as the history.
  std::vector<const tool_call_part*> open_calls;
};

/// @pre no pointer in `history` is null
history_tail tail_of(const message_history& history);

/// Checks whether a run can start from `history` with `prompt` (a string, an
/// array of content items, or null for none).
/// @returns errc::invalid_argument or errc::invalid_message_history
result<unit> check_input(const message_history& history, const json& prompt,
                         bool has_instructions = false);

} // namespace perdure::runtime

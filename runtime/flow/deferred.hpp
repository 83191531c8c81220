#pragma once

#include "runtime/flow/entry.hpp"

#include <optional>

/// Answers to calls that a run ended with (`DeferredToolResults`):
/// `{"calls": {ID: RESULT}, "approvals": {ID: DECISION}, "metadata": {ID:
/// {}}}`.
///
/// RESULT is any value, or an object of `kind` `tool-return`, `model-retry` or
/// `tool-failed`, or a `retry-prompt` part. DECISION is true, false, or an
/// object of `kind` `tool-approved` or `tool-denied`; whatever else it may be
/// is no approval.
namespace perdure::runtime {

/// Whether `results` answers every open call at the end of `history`, each
/// once, and nothing else.
/// Errors: errc::invalid_argument, errc::invalid_message_history
result<unit>
check_deferred(const message_history& history, const json& results);

/// The answer to `call`; nothing when there is none.
std::optional<question_answered>
deferred_answer(const json& results, const tool_call_part& call,
                timestamp time);

/// A result as somebody outside hands it in.
tool_result outside_result(const tool_call_part& call, const json& value);

/// Whether a result of the call is among `parts`.
bool has_result(const std::vector<request_part>& parts,
                const std::string& tool_call_id);

} // namespace perdure::runtime

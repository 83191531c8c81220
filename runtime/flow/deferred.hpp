#pragma once

#include "runtime/agent/definition.hpp"
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

/// The outcome of `call` when whoever was asked says no.
/// @param message what the model is told
tool_result denied_result(const tool_call_part& call, question_kind asked,
                          std::string message);

/// A call that a run goes on with.
struct resumed_call {
  /// Lives in the input's history.
  const tool_call_part* part = nullptr;
  /// What was decided of it meanwhile; absent: it is just made.
  std::optional<question_answered> answer;
};

/// The calls that the history of a new run ends with and that it goes on with,
/// in order.
std::vector<resumed_call> resumed_calls(const run_input& input, timestamp time);

/// Whether the output of a run is what it wants of somebody outside.
bool is_deferred_requests(const agent_definition& definition,
                          const json& output);

/// Whether a result of the call is among `parts`.
bool has_result(const std::vector<request_part>& parts,
                const std::string& tool_call_id);

} // namespace perdure::runtime

#pragma once

#include <chrono>
#include <optional>
#include <perdure/json.hpp>
#include <string>
#include <utility>

namespace perdure {

/// What somebody is asked.
enum class approval_kind {
  /// May this call be executed?
  approval,
  /// What is the result of this call?
  external,
  /// An attempt was cut off and its outcome is unknown: run it again?
  in_doubt,
};

/// A question of a run to a person, or to another system.
struct approval {
  std::string id = {};
  std::string run_id = {};
  std::string agent = {};
  approval_kind kind = approval_kind::approval;
  /// Empty when it is not about a tool call.
  std::string tool_name = {};
  std::string tool_call_id = {};
  json arguments = {};
  /// Stands for the arguments that were seen.
  std::string arguments_digest = {};
  /// What the tool has to say to whoever decides.
  json metadata = {};
  std::chrono::system_clock::time_point asked_at = {};
  std::optional<std::chrono::system_clock::time_point> expires_at = {};
};

/// An answer to a question; `approve`, `deny` and `supply` make one.
struct decision {
  /// As `POST /v1/approvals/ID` takes it.
  std::string kind = {};
  /// Of the call, changed.
  json arguments = {};
  /// What the model is told of a denial.
  std::string message = {};
  json result = {};
  /// For the tool: `run_context::approval_metadata`.
  json metadata = {};
  /// Who decides.
  std::string decided_by = {};
};

/// The call is executed, with `arguments` in place of its own if there are any.
inline decision approve(json arguments = {}) {
  return {.kind = "approve", .arguments = std::move(arguments)};
}

/// The call is not executed.
inline decision deny(std::string message = {}) {
  return {.kind = "deny", .message = std::move(message)};
}

/// The result of the call.
inline decision supply(json result) {
  return {.kind = "answer", .result = std::move(result)};
}

} // namespace perdure

#pragma once

#include "runtime/flow/run_state.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// What a run asks of people, and how they answer.
///
/// Shape:   id of a question = RUN:STEP:CALL:N; CALL is the position of the
///          call, `m` for a model request, `o` for an output, `sN` for the
///          N-th sampling of the step, from 0; the last N counts the questions
///          of one task from 1
/// Source:  docs/formats.md, "Approvals"
namespace perdure::runtime {

struct question_ref {
  std::string run_id;
  task_ref task;
  std::uint32_t number = 1;

  friend bool operator==(const question_ref&, const question_ref&) = default;
};

std::string to_string(const question_ref& ref);

/// @returns nothing for a text that is no id
std::optional<question_ref> question_ref_of(std::string_view id);

/// SHA-256 of a text, in hex.
using text_digest = std::function<std::string(std::string_view)>;

/// All open questions of a run: an array of `{id, run_id, agent, kind, task,
/// tool_name, tool_call_id, arguments, arguments_digest, metadata, asked_at,
/// expires_at, on_expiry}`.
json questions_json(const run_state& state, const text_digest& digest);

/// Reads a decision: `{decision: approve|deny|answer, arguments?, message?,
/// result?, metadata?, arguments_digest?, decided_by?}`.
///
/// A plain `result` is the value that the call returns; objects of `kind`
/// `tool-return`, `model-retry` and `tool-failed` say more.
/// Errors: errc::invalid_argument for a decision that the question does not
/// take, errc::conflict for a question that is not open (any more) or whose
/// arguments are not those of the digest
result<question_answered>
read_answer(const run_state& state, const question_ref& ref, const json& body,
            const text_digest& digest, timestamp now);

} // namespace perdure::runtime

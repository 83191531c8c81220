#pragma once

#include "runtime/flow/run_state.hpp"

#include <optional>
#include <string>

/// Questions of MCP servers in the middle of a call.
///
/// Shape:   metadata of such a question = {server, mode, message, schema | url,
///          elicitation_id?, key?}; `key` names it among several that were
///          asked at once
/// Source:  docs/formats.md, "Approvals"
namespace perdure::runtime {

/// The metadata of a question that `elicitation/create` asks.
json elicitation_metadata(const std::string& server, const json& params);

/// What the server gets of `content`: fields that are absent have their
/// defaults.
/// Errors: errc::invalid_argument naming every field that is wrong
result<json> accepted_content(const json& question, const json& content);

/// What the server is told: `{action, content}`, or what the model said.
json elicitation_result(const elicited_answer& answer);

/// The note of an attempt that ended because its server needs input first.
/// @param requests `{key: {method, params}}`
/// @param known what the server is told without asking anybody, by key
json input_note(const std::string& server, json requests,
                const std::optional<std::string>& request_state,
                const json& task, json known = nullptr);

/// Whether an attempt that goes on from a note asks for work that was begun,
/// and repeats nothing.
bool asks_for_work(const json& note);

/// Of `input_note`: what is still to be asked of the task, or nothing: the
/// metadata of a question, or what is to be sampled.
std::optional<json> next_input(const task_progress& task);

/// Of `input_note`: why the model did not say what it was to say; nothing when
/// it did, or has not been asked.
std::optional<std::string> unsaid_input(const task_progress& task);

/// Of `input_note`: the answers by key. Null when the note is none.
json input_responses(const json& note,
                     const std::vector<elicited_answer>& answers);

} // namespace perdure::runtime

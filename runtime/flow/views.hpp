#pragma once

#include "runtime/flow/run_state.hpp"

#include <vector>

/// JSON that the API shows of a run.
namespace perdure::runtime {

run_status status_of(run_end end) noexcept;

/// `{type, message}`; null for a run that ended well.
json error_json(const run_ended& end);

json input_json(const run_input& input);

/// `{id, agent, definition, state, reason, input, output, error, usage,
/// metadata, tags, parent, owner, created_at, started_at, ended_at}`.
json run_json(const run_state& state);

/// Why a run is in the state it is in, in words; empty when that says nothing
/// more than the state.
std::string reason_of(const run_state& state);

/// All tasks in order of their first entry: `{step, kind, tool_name,
/// tool_call_id, idempotency_key, state, attempts, started_at, ended_at, error,
/// usage, next_attempt_at, cached_from}`.
json tasks_json(definition_ptr definition, const template_renderer& render,
                const std::vector<entry>& entries);

/// What the run waits for (D8): `{state, waiting_for: [...], wake_at}`.
json why_json(const run_state& state, timestamp now);

/// When the run must go on although nothing happens to it: the earliest retry
/// or its scheduled start.
std::optional<timestamp> wake_time(const run_state& state);

} // namespace perdure::runtime

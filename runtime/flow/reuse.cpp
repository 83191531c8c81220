#include "runtime/flow/reuse.hpp"

namespace perdure::runtime {

namespace {

/// `RUN/STEP/model` or `RUN/STEP/INDEX`.
std::string name_of_task(const std::string& run_id, const task_ref& task) {
  return run_id + '/' + std::to_string(task.step) + '/'
         + (task.kind == task_kind::model_request ? "model"
                                                  : std::to_string(task.index));
}

} // namespace

bool is_cached(const run_state& state, const task_ref& task) {
  switch (task.kind) {
    case task_kind::model_request:
      return state.definition->model_policy.cache.mode == cache_mode::inputs;
    case task_kind::tool_call:
      break;
    default:
      return false;
  }
  const auto& call = state.calls.at(task.index);
  return !call.output && !call.progress.is_approved
         && state.policy(task).cache.mode == cache_mode::inputs;
}

bool is_reusable(const task_completed& done) {
  if (done.attempts == 0 || !done.cached_from.empty())
    return false;
  if (const auto* response = std::get_if<model_response>(&done.outcome))
    return response->state == message_state::complete
           && response->finish_reason != finish_reason::length
           && response->finish_reason != finish_reason::error;
  const auto* result = std::get_if<tool_result>(&done.outcome);
  return result != nullptr && result->kind == tool_result_kind::returned;
}

bool is_fresh(const cache_policy& policy, timestamp stored_at,
              std::optional<timestamp> expires_at, timestamp now) {
  // Both count: the policy may have become stricter since then.
  if (expires_at && *expires_at <= now)
    return false;
  return !policy.expiration || now - stored_at < *policy.expiration;
}

std::optional<task_completed>
reused(const run_state& state, const task_ref& task, const entry& stored,
       const std::string& run_id, timestamp now) {
  const auto* done = std::get_if<task_completed>(&stored);
  if (done == nullptr || done->task.kind != task.kind || !is_reusable(*done))
    return std::nullopt;
  task_completed out{now, task,          0,
                     now, done->outcome, name_of_task(run_id, done->task)};
  if (auto* result = std::get_if<tool_result>(&out.outcome))
    result->tool_call_id = state.calls.at(task.index).part->tool_call_id;
  return out;
}

} // namespace perdure::runtime

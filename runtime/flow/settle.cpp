#include "runtime/flow/settle.hpp"

namespace perdure::runtime {

namespace {

tool_result
told(const tool_call_part& call, tool_result_kind kind, std::string text) {
  return {call.tool_name, call.tool_call_id, kind, std::move(text), {}};
}

/// The last attempt of a task failed.
std::variant<model_response, tool_result, task_error>
give_up(const run_state& state, const task_ref& task,
        const attempt_failure& reason) {
  if (task.kind == task_kind::tool_call) {
    const auto& call = *state.calls.at(task.index).part;
    if (reason.code == errc::tool_timeout)
      return told(call, tool_result_kind::retry, reason.message);
    if (reason.code == errc::tool_error && reason.retryable)
      return told(call, tool_result_kind::failed, reason.message);
  }
  return task_error{reason.code, reason.message};
}

} // namespace

entry settle(const run_state& state, attempt_report report, timestamp now,
             double random) {
  task_completed done{now, report.task, report.attempt, report.started_at, {}};
  if (auto* response = std::get_if<model_response>(&report.outcome)) {
    done.outcome = std::move(*response);
    return done;
  }
  if (auto* result = std::get_if<tool_result>(&report.outcome)) {
    done.outcome = std::move(*result);
    return done;
  }
  const auto& reason = std::get<attempt_failure>(report.outcome);
  const auto& policy = state.policy(report.task);
  if (!reason.retryable || report.attempt > policy.retries) {
    done.outcome = give_up(state, report.task, reason);
    return done;
  }
  const auto delay = retry_delay(policy, report.attempt, reason, random);
  return attempt_failed{now, report.task, report.attempt, reason, now + delay};
}

} // namespace perdure::runtime

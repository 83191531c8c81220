#include "runtime/flow/settle.hpp"

namespace perdure::runtime {

namespace {

tool_result
told(const tool_call_part& call, tool_result_kind kind, std::string text) {
  return {call.tool_name, call.tool_call_id, kind, std::move(text), {}, {}};
}

/// The last attempt of a task failed.
task_outcome give_up(const run_state& state, const task_ref& task,
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

/// Whether another model may do better.
bool is_of_model(errc code) {
  return code == errc::model_http_error || code == errc::model_network_error
         || code == errc::model_timeout;
}

entry fail(const run_state& state, attempt_report report, timestamp now,
           double random) {
  const auto& reason = std::get<attempt_failure>(report.outcome);
  const auto policy = state.policy(report.task);
  const auto counted
    = report.attempt - state.progress(report.task).attempts_free;
  if (reason.retryable && counted <= policy.retries) {
    const auto delay = retry_delay(policy, counted, reason, random);
    return attempt_failed{now,    report.task, report.attempt,
                          reason, now + delay, 0};
  }
  const auto has_next
    = state.fallback < state.definition->fallback_models.size();
  if (report.task.kind == task_kind::model_request && has_next
      && is_of_model(reason.code))
    return attempt_failed{now,    report.task, report.attempt,
                          reason, now,         state.fallback + 1};
  return task_completed{now,
                        report.task,
                        report.attempt,
                        report.started_at,
                        give_up(state, report.task, reason),
                        {}};
}

} // namespace

entry settle(const run_state& state, attempt_report report, timestamp now,
             double random) {
  if (std::holds_alternative<attempt_failure>(report.outcome))
    return fail(state, std::move(report), now, random);
  if (const auto* asks = std::get_if<tool_question>(&report.outcome)) {
    auto question = state.question(report.task, asks->kind, now);
    question.metadata = asks->metadata;
    return question;
  }
  if (auto* input = std::get_if<input_needed>(&report.outcome))
    return task_noted{now, report.task, report.attempt, std::move(input->note),
                      true};
  task_completed done{now, report.task, report.attempt, report.started_at,
                      {},  {}};
  if (auto* response = std::get_if<model_response>(&report.outcome))
    done.outcome = std::move(*response);
  else if (auto* listing = std::get_if<tool_listing>(&report.outcome))
    done.outcome = std::move(*listing);
  else
    done.outcome = std::move(std::get<tool_result>(report.outcome));
  return done;
}

std::vector<entry> close_attempt(const run_state& state, attempt_report report,
                                 timestamp now, double random) {
  auto note = std::move(report.note);
  const auto task = report.task;
  const auto attempt = report.attempt;
  std::vector<entry> out{settle(state, std::move(report), now, random)};
  // Another model has no use for it, and neither has an outcome.
  const auto* failed = std::get_if<attempt_failed>(&out.front());
  if (failed != nullptr && failed->fallback == 0 && !note.is_null())
    out.emplace_back(task_noted{now, task, attempt, std::move(note)});
  return out;
}

} // namespace perdure::runtime

#include "runtime/flow/machine.hpp"

#include "runtime/flow/elicitation.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

struct agenda {
  std::vector<command> commands;
  std::optional<timestamp> wake;

  void wake_at(timestamp moment) {
    wake = std::min(wake.value_or(moment), moment);
  }

  void add(const run_state& state, const task_ref& task, timestamp now) {
    const auto& progress = state.progress(task);
    if (progress.retry_at && *progress.retry_at > now)
      return wake_at(*progress.retry_at);
    // A further attempt is journaled when it begins: lists then show that the
    // run no longer waits, and a new owner knows how often it was tried.
    const auto must_be_known
      = state.policy(task).on_interrupt != on_interrupt::retry
        || progress.attempts_over > 0;
    const auto intent
      = must_be_known && progress.attempt_started < progress.next_attempt();
    commands.emplace_back(start_task{task, progress.next_attempt(), intent});
  }
};

} // namespace

std::vector<command> decide(const run_state& state, timestamp now) {
  agenda plan;
  if (state.phase == run_phase::empty || state.phase == run_phase::ended)
    return {};
  if (const auto due = state.created.scheduled_at;
      state.sequence() == 1 && due && *due > now) {
    plan.wake = due;
  } else if (!state.is_held()) {
    for (const auto& task : state.admitted_tasks())
      plan.add(state, task, now);
    for (const auto& task : state.open_tasks())
      if (const auto& asked = state.progress(task).question;
          asked && asked->expires_at)
        plan.wake_at(*asked->expires_at);
  }
  if (plan.wake)
    plan.commands.emplace_back(wait_until{*plan.wake});
  return std::move(plan.commands);
}

namespace {

std::string describe(const run_state& state, const task_ref& task) {
  if (task.kind == task_kind::tool_call)
    return "the call of '" + state.calls[task.index].part->tool_name + "'";
  if (task.kind == task_kind::mcp_request)
    return "the list of tools of '"
           + state.definition->mcp_servers[task.index].id + "'";
  if (task.kind == task_kind::sampling)
    return "what the model was asked for an MCP server";
  return task.kind == task_kind::output ? "the check of the output"
                                        : "the model request";
}

/// The task will not be run again, and nothing is known of what it did.
entry unknown_outcome(const run_state& state, const task_ref& task,
                      timestamp now) {
  task_completed done{now, task, state.progress(task).attempt_started,
                      now, {},   {}};
  if (task.kind == task_kind::tool_call) {
    const auto& part = *state.calls[task.index].part;
    done.outcome = tool_result{
      part.tool_name,
      part.tool_call_id,
      tool_result_kind::unknown,
      "The tool was interrupted; whether it took effect is unknown. It was "
      "not run again.",
      {},
      {}};
  } else {
    done.outcome = task_error{errc::outcome_unknown,
                              "the outcome of " + describe(state, task)
                                + " is unknown after an interruption, and its "
                                  "on_interrupt policy is not to run it again"};
  }
  return done;
}

} // namespace

std::vector<entry> recover(const run_state& state, timestamp now) {
  std::vector<entry> out;
  for (const auto& task : state.open_tasks()) {
    const auto& progress = state.progress(task);
    // Work that is noted is asked for, not done again.
    if (!progress.in_doubt() || asks_for_work(progress.note))
      continue;
    switch (state.policy(task).on_interrupt) {
      case on_interrupt::retry:
        break;
      case on_interrupt::fail:
        out.push_back(unknown_outcome(state, task, now));
        break;
      case on_interrupt::ask:
        // One question at a time: `conclude` asks once the other is answered.
        if (!progress.question)
          out.emplace_back(state.question(task, question_kind::in_doubt, now));
        break;
    }
  }
  return out;
}

} // namespace perdure::runtime

#include "runtime/flow/views.hpp"

#include "runtime/flow/answer.hpp"
#include "runtime/flow/handler_views.hpp"
#include "runtime/flow/machine.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <map>

namespace perdure::runtime {

namespace {

json optional_time(const std::optional<timestamp>& time) {
  return time ? json(to_iso(*time)) : json();
}

std::string describe(const run_state& state, const task_ref& task) {
  if (task.kind == task_kind::tool_call)
    return "tool call '" + state.calls.at(task.index).part->tool_name + "'";
  if (task.kind == task_kind::mcp_request)
    return "list of tools of MCP server '"
           + state.definition->mcp_servers.at(task.index).id + "'";
  if (task.kind == task_kind::sampling) {
    const auto& call = state.calls.at(state.samplings.at(task.index).call);
    return "what the model is asked for tool call '" + call.part->tool_name
           + "'";
  }
  return task.kind == task_kind::output
           ? "output of step " + std::to_string(task.step)
           : "model request " + std::to_string(task.step);
}

std::string_view asks_for(question_kind kind) {
  switch (kind) {
    case question_kind::approval:
      return "waits for approval";
    case question_kind::external:
      return "waits for its result from outside";
    case question_kind::in_doubt:
      return "was interrupted and waits for a decision";
    case question_kind::elicitation:
      return "waits for an answer to its server";
  }
  return "waits";
}

/// What one open task waits for.
json waits_for(const run_state& state, const task_ref& task, timestamp now) {
  const auto& progress = state.progress(task);
  json row{{"what", "task"},
           {"task", describe(state, task)},
           {"attempt", progress.next_attempt()}};
  if (const auto& asked = progress.question) {
    row["what"] = to_string(asked->kind);
    row["question"]
      = to_string(question_ref{state.created.run_id, task, progress.questions});
    row["since"] = to_iso(asked->asked_at);
    row["expires_at"] = optional_time(asked->expires_at);
  } else if (progress.retry_at && *progress.retry_at > now) {
    row["what"] = "retry";
    row["at"] = to_iso(*progress.retry_at);
    row["after"] = progress.last_error;
  }
  return row;
}

/// Collects the rows of `tasks_json` while a run is folded.
class task_rows {
public:
  void observe(const run_state& before, const entry& next) {
    if (const auto* x = std::get_if<task_started>(&next))
      row(before, x->task)["attempts"] = x->attempt;
    else if (const auto* failed = std::get_if<attempt_failed>(&next))
      on(row(before, failed->task), *failed);
    else if (const auto* done = std::get_if<task_completed>(&next))
      on(row(before, done->task), *done);
    else if (const auto* asked = std::get_if<question_asked>(&next))
      row(before, asked->task);
    else if (const auto* answer = std::get_if<question_answered>(&next);
             answer != nullptr && !is_elicited(before, answer->task))
      on(row(before, answer->task), *answer);
  }

  void finish(const run_state& state) {
    if (state.phase == run_phase::ended) {
      // What had no outcome by then was stopped.
      for (auto& row : rows_)
        if (row["state"] == "open")
          row["state"] = "cancelled";
      return;
    }
    const auto open = state.open_tasks();
    for (const auto& task : open)
      row(state, task);
    // Nobody waits any more for what a call wanted that has ended.
    for (const auto& [task, at] : index_)
      if (task.kind == task_kind::sampling && rows_[at]["state"] == "open"
          && std::find(open.begin(), open.end(), task) == open.end())
        rows_[at]["state"] = "cancelled";
  }

  json take() {
    auto out = json::array();
    for (auto& row : rows_)
      out.push_back(std::move(row));
    return out;
  }

private:
  json& row(const run_state& state, const task_ref& task) {
    const auto [at, fresh] = index_.emplace(task, rows_.size());
    const auto known
      = task.kind != task_kind::tool_call || task.index < state.calls.size();
    if (!fresh) {
      auto& row = rows_[at->second];
      // Another model, or other arguments, have another key.
      if (known)
        row["idempotency_key"] = state.idempotency_key(task);
      return row;
    }
    json out{{"step", task.step}, {"kind", to_string(task.kind)}};
    const auto* call = known ? call_of(state, task) : nullptr;
    out["tool_name"] = call != nullptr ? json(call->tool_name) : json();
    out["tool_call_id"] = call != nullptr ? json(call->tool_call_id) : json();
    out["idempotency_key"] = known ? json(state.idempotency_key(task)) : json();
    out["state"] = "open";
    out["attempts"] = 0;
    out["started_at"] = nullptr;
    out["ended_at"] = nullptr;
    out["error"] = nullptr;
    out["usage"] = nullptr;
    out["next_attempt_at"] = nullptr;
    out["cached_from"] = nullptr;
    rows_.push_back(std::move(out));
    return rows_.back();
  }

  /// The call that a task is, or is made for; null for another task.
  static const tool_call_part*
  call_of(const run_state& state, const task_ref& task) {
    if (task.kind == task_kind::tool_call)
      return state.calls[task.index].part;
    if (task.kind == task_kind::sampling && task.index < state.samplings.size())
      return state.calls[state.samplings[task.index].call].part;
    return nullptr;
  }

  static void on(json& row, const attempt_failed& x) {
    row["attempts"] = x.attempt;
    row["error"]
      = {{"type", to_string(x.reason.code)}, {"message", x.reason.message}};
    row["next_attempt_at"] = to_iso(x.retry_at);
  }

  static void on(json& row, const task_completed& x) {
    row["attempts"] = x.attempts;
    row["started_at"] = to_iso(x.started_at);
    row["ended_at"] = to_iso(x.time);
    row["next_attempt_at"] = nullptr;
    row["error"] = nullptr;
    row["state"] = "completed";
    if (!x.cached_from.empty())
      row["cached_from"] = x.cached_from;
    if (const auto* response = std::get_if<model_response>(&x.outcome)) {
      row["usage"] = to_json(x.cached_from.empty() ? response->usage : usage{});
    } else if (const auto* result = std::get_if<tool_result>(&x.outcome)) {
      row["state"] = state_of(result->kind);
    } else if (const auto* error = std::get_if<task_error>(&x.outcome)) {
      row["state"] = "failed";
      row["error"]
        = {{"type", to_string(error->code)}, {"message", error->message}};
    }
  }

  /// The task goes on, whatever the answer.
  static bool is_elicited(const run_state& state, const task_ref& task) {
    if (task.kind != task_kind::tool_call || task.index >= state.calls.size())
      return false;
    const auto& asked = state.progress(task).question;
    return asked && asked->kind == question_kind::elicitation;
  }

  /// An answer that is an outcome ends the task.
  static void on(json& row, const question_answered& x) {
    if (x.verdict == verdict::approved)
      return;
    row["ended_at"] = to_iso(x.time);
    row["state"] = x.result ? state_of(x.result->kind) : "denied";
  }

  static std::string_view state_of(tool_result_kind kind) {
    switch (kind) {
      case tool_result_kind::returned:
      case tool_result_kind::output:
        return "completed";
      case tool_result_kind::retry:
        return "retry";
      case tool_result_kind::denied:
        return "denied";
      case tool_result_kind::skipped:
        return "skipped";
      case tool_result_kind::failed:
      case tool_result_kind::unknown:
        break;
    }
    return "failed";
  }

  std::map<task_ref, std::size_t> index_;
  std::vector<json> rows_;
};

} // namespace

run_status status_of(run_end end) noexcept {
  switch (end) {
    case run_end::completed:
      return run_status::completed;
    case run_end::failed:
      return run_status::failed;
    case run_end::cancelled:
      return run_status::cancelled;
  }
  return run_status::failed;
}

json error_json(const run_ended& end) {
  if (end.error_code == errc::none)
    return nullptr;
  return {{"type", to_string(end.error_code)}, {"message", end.error_message}};
}

json input_json(const run_input& input) {
  const auto text
    = [](const std::string& x) { return x.empty() ? json() : json(x); };
  return {{"prompt", input.prompt},
          {"deps", input.deps},
          {"model", text(input.model)},
          {"conversation_id", text(input.conversation_id)},
          {"usage_limits", to_json(input.limits)}};
}

std::string reason_of(const run_state& state) {
  if (state.ended)
    return state.ended->error_message;
  if (state.cancelling)
    return state.cancel_reason;
  if (state.status() == run_status::scheduled)
    return "scheduled for " + to_iso(*state.created.scheduled_at);
  if (state.status() != run_status::waiting)
    return {};
  std::string out;
  for (const auto& task : state.open_tasks()) {
    const auto& progress = state.progress(task);
    if (!progress.retry_at && !progress.question)
      continue;
    if (!out.empty())
      out += "; ";
    if (progress.question) {
      out += describe(state, task) + ' '
             + std::string{asks_for(progress.question->kind)};
      continue;
    }
    out += describe(state, task) + " is tried again (attempt "
           + std::to_string(progress.next_attempt()) + ") at "
           + to_iso(*progress.retry_at) + " after: " + progress.last_error;
  }
  return out;
}

json run_json(const run_state& state) {
  const auto& created = state.created;
  json out{{"id", created.run_id},
           {"agent", created.input.agent},
           {"definition", created.definition_hash},
           {"state", to_string(state.status())},
           {"reason", nullptr},
           {"input", input_json(created.input)}};
  if (auto reason = reason_of(state); !reason.empty())
    out["reason"] = std::move(reason);
  out["output"] = state.ended
                    ? shown_output(*state.definition, state.ended->output)
                    : json();
  out["error"] = state.ended ? error_json(*state.ended) : json();
  out["usage"] = to_json(state.used);
  out["metadata"] = created.input.metadata;
  out["tags"] = created.input.tags;
  out["parent"] = nullptr;
  out["owner"] = nullptr;
  out["created_at"] = to_iso(created.time);
  out["started_at"] = optional_time(state.first_outcome_at);
  out["ended_at"] = state.ended ? json(to_iso(state.ended->time)) : json();
  return out;
}

json tasks_json(definition_ptr definition, const template_renderer& render,
                const std::vector<entry>& entries) {
  run_state state{std::move(definition), render};
  task_rows rows;
  for (const auto& next : entries) {
    rows.observe(state, next);
    state.apply(next);
  }
  rows.finish(state);
  return rows.take();
}

json why_json(const run_state& state, timestamp now) {
  auto waiting_for = json::array();
  if (state.status() == run_status::scheduled) {
    waiting_for.push_back(
      {{"what", "schedule"}, {"at", to_iso(*state.created.scheduled_at)}});
  } else if (state.phase != run_phase::ended) {
    waiting_for = held_by_json(state);
    for (const auto& task : state.open_tasks())
      waiting_for.push_back(waits_for(state, task, now));
  }
  json out{{"id", state.created.run_id},
           {"state", to_string(state.status())},
           {"waiting_for", std::move(waiting_for)},
           {"wake_at", optional_time(wake_time(state))},
           {"entries", state.sequence()}};
  const auto reason = reason_of(state);
  out["reason"] = reason.empty() ? json() : json(reason);
  return out;
}

std::optional<timestamp> wake_time(const run_state& state) {
  if (state.phase == run_phase::ended)
    return std::nullopt;
  if (state.status() == run_status::scheduled)
    return state.created.scheduled_at;
  if (state.status() != run_status::waiting)
    return std::nullopt;
  std::optional<timestamp> wake;
  const auto include = [&wake](const std::optional<timestamp>& at) {
    if (at)
      wake = std::min(wake.value_or(*at), *at);
  };
  for (const auto& task : state.open_tasks()) {
    include(state.progress(task).retry_at);
    if (const auto& asked = state.progress(task).question)
      include(asked->expires_at);
  }
  include(state.deadline());
  return wake;
}

} // namespace perdure::runtime

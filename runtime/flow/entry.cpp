#include "runtime/flow/entry.hpp"

#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

namespace perdure::runtime {

namespace {

struct entry_name {
  std::string_view operator()(const run_created&) const noexcept {
    return "run_created";
  }
  std::string_view operator()(const task_started&) const noexcept {
    return "task_started";
  }
  std::string_view operator()(const attempt_failed&) const noexcept {
    return "attempt_failed";
  }
  std::string_view operator()(const task_completed&) const noexcept {
    return "task_completed";
  }
  std::string_view operator()(const output_rejected&) const noexcept {
    return "output_rejected";
  }
  std::string_view operator()(const cancel_requested&) const noexcept {
    return "cancel_requested";
  }
  std::string_view operator()(const run_ended&) const noexcept {
    return "run_ended";
  }
};

std::string_view to_string(tool_result_kind kind) noexcept {
  switch (kind) {
    case tool_result_kind::returned:
      return "returned";
    case tool_result_kind::retry:
      return "retry";
    case tool_result_kind::failed:
      return "failed";
    case tool_result_kind::unknown:
      return "unknown";
  }
  return "unknown";
}

json task_json(const task_ref& task) {
  return {
    {"step", task.step}, {"kind", to_string(task.kind)}, {"index", task.index}};
}

json outcome_json(const model_response& x) {
  return {{"model_response", to_json(message{x})}};
}

json outcome_json(const tool_result& x) {
  return {{"tool_result",
           {{"tool_name", x.tool_name},
            {"tool_call_id", x.tool_call_id},
            {"kind", to_string(x.kind)},
            {"content", x.content},
            {"metadata", x.metadata}}}};
}

json outcome_json(const task_error& x) {
  return {{"error", {{"type", to_string(x.code)}, {"message", x.message}}}};
}

void fill(json& out, const run_created& x) {
  out["run_id"] = x.run_id;
  out["definition"] = x.definition_hash;
  out["input"] = input_json(x.input);
  out["message_history"] = to_json(x.input.history);
  out["idempotency_key"]
    = x.idempotency_key.empty() ? json() : json(x.idempotency_key);
  out["scheduled_at"] = x.scheduled_at ? json(to_iso(*x.scheduled_at)) : json();
}

void fill(json& out, const task_started& x) {
  out["task"] = task_json(x.task);
  out["attempt"] = x.attempt;
}

void fill(json& out, const attempt_failed& x) {
  out["task"] = task_json(x.task);
  out["attempt"] = x.attempt;
  out["error"] = {{"type", to_string(x.reason.code)},
                  {"message", x.reason.message},
                  {"status", x.reason.status}};
  out["retry_at"] = to_iso(x.retry_at);
}

void fill(json& out, const task_completed& x) {
  out["task"] = task_json(x.task);
  out["attempts"] = x.attempts;
  out["started_at"] = to_iso(x.started_at);
  out["outcome"]
    = std::visit([](const auto& y) { return outcome_json(y); }, x.outcome);
}

void fill(json& out, const output_rejected& x) {
  out["content"] = x.content;
}

void fill(json& out, const cancel_requested& x) {
  out["reason"] = x.reason;
}

void fill(json& out, const run_ended& x) {
  out["state"] = to_string(status_of(x.end));
  out["output"] = x.output;
  out["error"] = error_json(x);
}

} // namespace

std::string_view to_string(task_kind kind) noexcept {
  return kind == task_kind::model_request ? "model_request" : "tool_call";
}

std::string_view name_of(const entry& value) noexcept {
  return std::visit(entry_name{}, value);
}

timestamp time_of(const entry& value) noexcept {
  return std::visit([](const auto& x) { return x.time; }, value);
}

json to_json(const entry& value) {
  json out{{"type", name_of(value)}, {"time", to_iso(time_of(value))}};
  std::visit([&out](const auto& x) { fill(out, x); }, value);
  return out;
}

} // namespace perdure::runtime

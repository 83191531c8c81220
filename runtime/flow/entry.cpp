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
  std::string_view operator()(const task_noted&) const noexcept {
    return "task_noted";
  }
  std::string_view operator()(const run_taken_over&) const noexcept {
    return "run_taken_over";
  }
  std::string_view operator()(const question_asked&) const noexcept {
    return "question_asked";
  }
  std::string_view operator()(const question_answered&) const noexcept {
    return "question_answered";
  }
  std::string_view operator()(const event_handled&) const noexcept {
    return "event_handled";
  }
  std::string_view operator()(const sampling_requested&) const noexcept {
    return "sampling_requested";
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
    case tool_result_kind::denied:
      return "denied";
    case tool_result_kind::output:
      return "output";
    case tool_result_kind::skipped:
      return "skipped";
  }
  return "unknown";
}

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

json task_json(const task_ref& task) {
  return {
    {"step", task.step}, {"kind", to_string(task.kind)}, {"index", task.index}};
}

json outcome_json(const model_response& x) {
  return {{"model_response", to_json(message{x})}};
}

json result_json(const tool_result& x) {
  return {{"tool_name", x.tool_name},  {"tool_call_id", x.tool_call_id},
          {"kind", to_string(x.kind)}, {"content", x.content},
          {"metadata", x.metadata},    {"extra", x.extra}};
}

json outcome_json(const tool_result& x) {
  return {{"tool_result", result_json(x)}};
}

json outcome_json(const task_error& x) {
  return {{"error", {{"type", to_string(x.code)}, {"message", x.message}}}};
}

json outcome_json(const tool_listing& x) {
  return {{"tool_listing",
           {{"server", x.server},
            {"hash", x.hash},
            {"instructions", text_or_null(x.instructions)},
            {"tools", x.tools},
            {"has_resources", x.has_resources},
            {"has_prompts", x.has_prompts}}}};
}

json time_or_null(const std::optional<timestamp>& time) {
  return time ? json(to_iso(*time)) : json();
}

void fill(json& out, const run_created& x) {
  out["run_id"] = x.run_id;
  out["definition"] = x.definition_hash;
  out["input"] = input_json(x.input);
  out["message_history"] = to_json(x.input.history);
  out["deferred_results"] = x.input.deferred_results;
  out["idempotency_key"] = text_or_null(x.idempotency_key);
  out["scheduled_at"] = time_or_null(x.scheduled_at);
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
  out["fallback"] = x.fallback == 0 ? json() : json(x.fallback);
}

void fill(json& out, const task_completed& x) {
  out["task"] = task_json(x.task);
  out["attempts"] = x.attempts;
  out["started_at"] = to_iso(x.started_at);
  out["outcome"]
    = std::visit([](const auto& y) { return outcome_json(y); }, x.outcome);
  out["cached_from"] = text_or_null(x.cached_from);
}

void fill(json& out, const output_rejected& x) {
  out["content"] = x.content;
}

void fill(json& out, const cancel_requested& x) {
  out["reason"] = x.reason;
}

void fill(json& out, const task_noted& x) {
  out["task"] = task_json(x.task);
  out["attempt"] = x.attempt;
  out["note"] = x.note;
  out["ends_attempt"] = x.ends_attempt;
}

void fill(json&, const run_taken_over&) {
  // nop
}

void fill(json& out, const question_asked& x) {
  out["task"] = task_json(x.task);
  out["number"] = x.number;
  out["kind"] = to_string(x.kind);
  out["tool_name"] = text_or_null(x.tool_name);
  out["tool_call_id"] = text_or_null(x.tool_call_id);
  out["expires_at"] = time_or_null(x.expires_at);
  out["on_expiry"] = x.on_expiry == on_expiry::fail ? "fail" : "deny";
  out["metadata"] = x.metadata;
  if (x.attempt > 0)
    out["attempt"] = x.attempt;
}

void fill(json& out, const question_answered& x) {
  out["task"] = task_json(x.task);
  out["number"] = x.number;
  out["verdict"] = to_string(x.verdict);
  out["arguments"] = x.arguments;
  out["message"] = text_or_null(x.message);
  out["result"] = x.result ? result_json(*x.result) : json();
  out["metadata"] = x.metadata;
  out["decided_by"] = text_or_null(x.decided_by);
}

void fill(json& out, const event_handled& x) {
  out["handler"] = x.handler;
  out["event"] = x.event;
  out["attempts"] = x.attempts;
  out["error"]
    = x.error_code == errc::none
        ? json()
        : json{{"type", to_string(x.error_code)}, {"message", x.error_message}};
}

void fill(json& out, const sampling_requested& x) {
  out["task"] = task_json(x.task);
  out["call"] = x.call;
  out["request"] = x.request;
}

void fill(json& out, const run_ended& x) {
  out["state"] = to_string(status_of(x.end));
  out["output"] = x.output;
  out["error"] = error_json(x);
}

} // namespace

std::string_view to_string(task_kind kind) noexcept {
  switch (kind) {
    case task_kind::model_request:
      return "model_request";
    case task_kind::tool_call:
      return "tool_call";
    case task_kind::event:
      return "event";
    case task_kind::output:
      return "output";
    case task_kind::mcp_request:
      return "mcp_request";
    case task_kind::sampling:
      return "sampling";
  }
  return "tool_call";
}

std::string_view to_string(question_kind kind) noexcept {
  switch (kind) {
    case question_kind::approval:
      return "approval";
    case question_kind::external:
      return "external";
    case question_kind::in_doubt:
      return "in_doubt";
    case question_kind::elicitation:
      return "elicitation";
  }
  return "approval";
}

std::string_view to_string(verdict value) noexcept {
  switch (value) {
    case verdict::approved:
      return "approved";
    case verdict::denied:
      return "denied";
    case verdict::answered:
      return "answered";
    case verdict::expired:
      return "expired";
  }
  return "denied";
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

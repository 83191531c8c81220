#include "runtime/mcp/server_task.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/mcp/outbox.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

constexpr std::chrono::milliseconds interval_min{50};
constexpr std::chrono::milliseconds interval_max{60'000};

void take_interval(const json& value, const char* key, server_task& task) {
  const auto found = value.find(key);
  if (found == value.end() || !found->is_number())
    return;
  const auto wanted = std::clamp(found->get<double>(),
                                 static_cast<double>(interval_min.count()),
                                 static_cast<double>(interval_max.count()));
  task.poll_interval
    = std::chrono::milliseconds{static_cast<std::int64_t>(wanted)};
}

const char* interval_key(era form) {
  return form == era::modern ? "pollIntervalMs" : "pollInterval";
}

call_failure
fail(call_failure_kind kind, std::string message, std::int64_t code = 0) {
  return {.kind = kind,
          .message = std::move(message),
          .code = code,
          .data = {},
          .challenge = {}};
}

std::string with_message(std::string text, const json& result) {
  const auto message = text_at(result, "statusMessage");
  return message.empty() ? text : text + ": " + message;
}

task_reading read_input_required(const json& result, const server_task& task) {
  needs_input out;
  out.requests = json::object();
  if (const auto* requests = object_at(result, "inputRequests"))
    for (const auto& [key, request] : requests->items())
      if (std::find(task.answered.begin(), task.answered.end(), key)
          == task.answered.end())
        out.requests[key] = request;
  // Until the server has looked at the answers, it asks for them.
  if (out.requests.empty())
    return task_working{};
  out.note = note_of(task);
  return out;
}

task_reading read_failed(const json& result) {
  const auto* error = object_at(result, "error");
  if (error == nullptr)
    return fail(call_failure_kind::refused,
                with_message("the server's task failed", result));
  auto out = fail(call_failure_kind::refused, text_at(*error, "message"));
  if (const auto code = error->find("code"); code != error->end())
    out.code = to_integer(*code).value_or(0);
  if (const auto data = error->find("data"); data != error->end())
    out.data = *data;
  if (out.message.empty())
    out.message = "the server's task failed";
  return out;
}

} // namespace

std::optional<server_task> task_in(const json& result, era spoken) {
  const auto* described
    = spoken == era::modern ? &result : object_at(result, "task");
  if (described == nullptr || !described->is_object())
    return std::nullopt;
  server_task out;
  out.id = text_at(*described, "taskId");
  if (out.id.empty())
    return std::nullopt;
  out.form = spoken;
  take_interval(*described, interval_key(spoken), out);
  return out;
}

json note_of(const server_task& task) {
  json out{{"task", task.id},
           {"era", to_string(task.form)},
           {"poll_ms", task.poll_interval.count()}};
  if (!task.answered.empty())
    out["answered"] = task.answered;
  return out;
}

std::optional<server_task> task_from_note(const json& note) {
  if (!note.is_object())
    return std::nullopt;
  server_task out;
  out.id = text_at(note, "task");
  if (out.id.empty())
    return std::nullopt;
  out.form = text_at(note, "era") == to_string(era::legacy) ? era::legacy
                                                            : era::modern;
  take_interval(note, "poll_ms", out);
  if (const auto answered = note.find("answered");
      answered != note.end() && answered->is_array())
    for (const auto& key : *answered)
      if (key.is_string())
        out.answered.push_back(key.get<std::string>());
  return out;
}

task_reading read_task(const json& result, server_task& task) {
  if (!result.is_object())
    return fail(call_failure_kind::bad_answer,
                "the state of the server's task is no object");
  take_interval(result, interval_key(task.form), task);
  const auto status = text_at(result, "status");
  if (status == "working")
    return task_working{text_at(result, "statusMessage")};
  if (status == "cancelled")
    return fail(call_failure_kind::cancelled,
                with_message("the server's task was cancelled", result));
  const auto is_known
    = status == "input_required" || status == "completed" || status == "failed";
  if (!is_known)
    return fail(call_failure_kind::bad_answer,
                "the server's task is in the unknown state '" + status + "'");
  if (task.form == era::legacy)
    return task_result_due{};
  if (status == "input_required")
    return read_input_required(result, task);
  if (status == "failed")
    return read_failed(result);
  if (const auto* value = object_at(result, "result"))
    return completed{*value};
  return fail(call_failure_kind::bad_answer,
              "the server's task is completed and has no result");
}

} // namespace perdure::runtime::mcp

#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/call.hpp"
#include "runtime/mcp/steps.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perdure::runtime::mcp {

/// A call that the server works on by itself, and that is asked for until it
/// is over.
///
/// Shape:   `note_of`: `{"task": ID, "era": "legacy"|"modern", "poll_ms": N,
///          "answered": [KEY, ...]}`; part of the journal
struct server_task {
  std::string id;
  /// 2025-11-25 and the extension of the modern era differ in form.
  era form = era::modern;
  std::chrono::milliseconds poll_interval{1'000};
  /// Keys of requests for input that were answered; a key is never used twice.
  std::vector<std::string> answered;
};

/// The task that `result` begins; nothing when it begins none.
std::optional<server_task> task_in(const json& result, era spoken);

json note_of(const server_task& task);

/// @returns nothing when it is no note
std::optional<server_task> task_from_note(const json& note);

/// Not over; ask again after the task's interval.
struct task_working {
  std::string message;
};

/// Legacy: over, or in need of input; its result is to be asked for.
struct task_result_due {};

using task_reading = std::variant<task_working, task_result_due, completed,
                                  needs_input, call_failure>;

/// What the answer to `tasks/get` says. Takes over a new interval.
task_reading read_task(const json& result, server_task& task);

} // namespace perdure::runtime::mcp

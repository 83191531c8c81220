#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/messages/message.hpp"
#include "runtime/policy/task_policy.hpp"
#include "runtime/policy/usage_limits.hpp"
#include "runtime/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The entries of a run's journal: all that is known of a run, in order.
///
/// Shape:   storage/proto/entry.proto; the n-th entry of a run has sequence n,
///          counted from 1 without gaps
/// Source:  docs/formats.md, "Journal entries"
namespace perdure::runtime {

/// Append only, never renumber.
enum class task_kind : std::uint8_t {
  model_request = 1,
  tool_call = 2,
  /// Handling of one event by one handler.
  event = 3,
  /// What the host program makes of an answer in text: functions, validators.
  output = 4,
  /// What the run itself asks of an MCP server: the list of its tools.
  mcp_request = 5,
  /// What an MCP server wants the run's model to say before it goes on.
  sampling = 6,
};

std::string_view to_string(task_kind kind) noexcept;

/// Names one task of a run (D4).
struct task_ref {
  /// The model request that this task is or follows from, counted from 1; 0 for
  /// what comes before them all.
  std::uint32_t step = 0;
  task_kind kind = task_kind::model_request;
  /// Position of the tool call in its response, of the server in the
  /// definition, or of the sampling among those of the step, counted from 0; 0
  /// for a model request.
  std::uint32_t index = 0;

  friend auto operator<=>(const task_ref&, const task_ref&) = default;
};

/// What a run was asked to do.
struct run_input {
  std::string agent;
  /// A string, an array of content items, or null for none.
  json prompt;
  message_history history;
  /// Null when absent.
  json deps;
  json metadata;
  std::vector<std::string> tags;
  usage_limits limits;
  /// Replaces the definition's model; empty for none.
  std::string model;
  std::string conversation_id;
  /// Answers to calls that `history` ends with, by call id. Null for none.
  json deferred_results;
  /// Told of the events of this run, besides those of the definition.
  std::vector<event_handler> handlers = {};
};

// -- what happened ------------------------------------------------------------

struct run_created {
  timestamp time{};
  std::string run_id;
  /// SHA-256 of the definition's text, hex.
  std::string definition_hash;
  run_input input;
  /// Empty for none.
  std::string idempotency_key;
  /// Not before this moment.
  std::optional<timestamp> scheduled_at;
};

/// The intent of a task whose effect must not happen twice unseen (D5).
struct task_started {
  timestamp time{};
  task_ref task;
  std::uint32_t attempt = 1;
};

/// An attempt failed and another one follows.
struct attempt_failed {
  timestamp time{};
  task_ref task;
  std::uint32_t attempt = 1;
  attempt_failure reason;
  timestamp retry_at{};
  /// The model that is asked from now on in place of the one that gave up,
  /// counted from 1 among the definition's fallbacks; 0 for the same one.
  std::uint32_t fallback = 0;
};

/// What an attempt must be remembered by before it has an outcome: the id of
/// work that another system does for it, so that a new owner asks for its
/// result instead of starting it again.
struct task_noted {
  timestamp time{};
  task_ref task;
  std::uint32_t attempt = 1;
  json note;
  /// The attempt is over: the other system needs something first, and another
  /// attempt goes on from the note.
  bool ends_attempt = false;
};

/// An MCP server wants the run's model to say something before it goes on with
/// a call: a task of the run from here on.
struct sampling_requested {
  timestamp time{};
  /// Of kind `sampling`.
  task_ref task;
  /// Position of the call in its response.
  std::uint32_t call = 0;
  /// See `sampling_request`.
  json request;
};

/// A new owner has taken over the run: attempts that were under way then were
/// cut off.
struct run_taken_over {
  timestamp time{};
};

// -- people -------------------------------------------------------------------

/// What a person, or another system, is asked. Append only, never renumber.
enum class question_kind : std::uint8_t {
  /// May this call be executed?
  approval = 1,
  /// What is the result of this call?
  external = 2,
  /// The outcome of an attempt is unknown: run it again?
  in_doubt = 3,
  /// What does the other system want to know?
  elicitation = 4,
};

std::string_view to_string(question_kind kind) noexcept;

/// A task waits for somebody from here on.
struct question_asked {
  timestamp time{};
  task_ref task;
  /// Counts the questions of the task, from 1.
  std::uint32_t number = 1;
  question_kind kind = question_kind::approval;
  /// Of the call that it is about; empty for another kind of task.
  std::string tool_name;
  std::string tool_call_id;
  std::optional<timestamp> expires_at;
  runtime::on_expiry on_expiry = runtime::on_expiry::deny;
  /// What the tool has to say to whoever decides. Null when absent.
  json metadata;
  /// The attempt that goes on once it has the answer; 0 when none is under way.
  std::uint32_t attempt = 0;
};

/// Append only, never renumber.
enum class verdict : std::uint8_t {
  approved = 1,
  denied = 2,
  /// The result of the task is known: `result`.
  answered = 3,
  /// Nobody decided in time.
  expired = 4,
};

std::string_view to_string(verdict value) noexcept;

/// How a tool call ended, as the model will be told. Append only.
enum class tool_result_kind : std::uint8_t {
  /// A value.
  returned = 1,
  /// The model is asked to try again: bad arguments, a tool's request, timeout.
  retry = 2,
  /// The model is told that the tool failed.
  failed = 3,
  /// The model is told that the outcome is unknown (in doubt, policy `fail`).
  unknown = 4,
  /// A person did not allow the call.
  denied = 5,
  /// The call gave an output; `content` is its value.
  output = 6,
  /// The call was not executed, because the run has its output.
  skipped = 7,
};

struct tool_result {
  std::string tool_name;
  std::string tool_call_id;
  tool_result_kind kind = tool_result_kind::returned;
  json content;
  /// Null when absent; never sent to a model.
  json metadata;
  /// What the model is told besides, as content of a user prompt. Null for
  /// none.
  json extra = {};
};

/// The answer to the open question of a task; there is one at most.
struct question_answered {
  timestamp time{};
  task_ref task;
  /// That of the question.
  std::uint32_t number = 1;
  runtime::verdict verdict = runtime::verdict::denied;
  /// Replaces the call's arguments; of an elicitation, what was asked for. Null
  /// for none.
  json arguments;
  /// What the model is told of a denial.
  std::string message;
  /// The outcome of the call, where the answer is one.
  std::optional<tool_result> result;
  /// Null when absent.
  json metadata;
  /// Who decided, as the caller named itself; empty when unknown.
  std::string decided_by;
};

/// A handler has handled an event, or has given up on it.
struct event_handled {
  timestamp time{};
  /// Position of the handler in the run.
  std::uint32_t handler = 0;
  /// Number of the event; all before it are settled too.
  std::uint64_t event = 0;
  std::uint32_t attempts = 1;
  /// errc::none when it was handled.
  errc error_code = errc::none;
  std::string error_message;
};

// -- outcomes -----------------------------------------------------------------

/// The task cannot succeed: the run fails with this.
struct task_error {
  errc code = errc::internal;
  std::string message;
};

using task_outcome
  = std::variant<model_response, tool_result, task_error, tool_listing>;

/// The outcome of a task; it never executes again (D3).
struct task_completed {
  /// When the last attempt ended.
  timestamp time{};
  task_ref task;
  /// Attempts made; 0 when nothing was executed (arguments were refused).
  std::uint32_t attempts = 1;
  /// When the last attempt began.
  timestamp started_at{};
  task_outcome outcome;
  /// The task whose stored outcome this is, as `RUN/STEP/model` or
  /// `RUN/STEP/INDEX`; empty when it was executed.
  std::string cached_from = {};
};

/// The response held no usable output; the model is asked again.
struct output_rejected {
  timestamp time{};
  json content;
};

struct cancel_requested {
  timestamp time{};
  std::string reason;
};

/// Final states of a run. Append only, never renumber.
enum class run_end : std::uint8_t { completed = 1, failed = 2, cancelled = 3 };

struct run_ended {
  timestamp time{};
  run_end end = run_end::completed;
  /// Null unless completed.
  json output;
  /// `code` is errc::none unless failed or cancelled.
  errc error_code = errc::none;
  std::string error_message;
};

using entry
  = std::variant<run_created, task_started, attempt_failed, task_completed,
                 output_rejected, cancel_requested, run_ended, task_noted,
                 run_taken_over, question_asked, question_answered,
                 event_handled, sampling_requested>;

/// Name of the entry's type for people and the API, e.g. `task_completed`.
std::string_view name_of(const entry& value) noexcept;
timestamp time_of(const entry& value) noexcept;

/// What the API shows of a raw entry.
json to_json(const entry& value);

} // namespace perdure::runtime

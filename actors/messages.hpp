#pragma once

#include "actors/edges/http_client.hpp"
#include "actors/edges/http_server.hpp"
#include "actors/edges/process_runner.hpp"
#include "runtime/flow/entry.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/flow/settle.hpp"
#include "runtime/models/delta.hpp"
#include "storage/journal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// Everything that travels between actors of one node. These messages never
// leave the process: nodes talk Protobuf.

namespace perdure::actors {

struct answer_question;
struct api_call;
struct append_done;
struct append_request;
struct cancel_run;
struct command_ended;
struct create_answer;
struct create_run;
struct deltas_published;
struct entries_published;
struct event_settled;
struct function_ended;
struct handling_ended;
struct http_arrived;
struct input_given;
struct input_wanted;
struct question_settled;
struct response_grew;
struct run_left;
struct run_over;
struct task_ended;
struct task_remembered;
struct watch_run;

} // namespace perdure::actors

CAF_BEGIN_TYPE_ID_BLOCK(perdure_messages, caf::first_custom_type_id)

  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::answer_question))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::append_done))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::append_request))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::api_call))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::cancel_run))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::command_ended))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::create_answer))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::create_run))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::deltas_published))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::entries_published))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::event_settled))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::function_ended))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::handling_ended))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::http_arrived))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::input_given))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::input_wanted))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::question_settled))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::response_grew))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::run_left))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::run_over))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::task_ended))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::task_remembered))
  CAF_ADD_TYPE_ID(perdure_messages, (perdure::actors::watch_run))

  // At most 10 characters out of [0-9A-Za-z_]; '-' silently turns into ' '.
  CAF_ADD_ATOM(perdure_messages, perdure::actors, drain_atom, "drain")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, flush_atom, "flush")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, leave_atom, "leave")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, next_atom, "next")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, over_atom, "over")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, start_atom, "start")
  CAF_ADD_ATOM(perdure_messages, perdure::actors, wake_atom, "wake")

CAF_END_TYPE_ID_BLOCK(perdure_messages)

namespace perdure::actors {

// -- appends ------------------------------------------------------------------

/// What became of an append, to whoever asked for it.
struct append_done {
  std::uint64_t token = 0;
  storage::append_outcome outcome;
};

using append_listener = caf::typed_actor<caf::reacts_to<append_done>>;

struct append_request {
  storage::append_batch batch;
  append_listener listener;
  /// Comes back with the outcome.
  std::uint64_t token = 0;
};

// -- watching a run -----------------------------------------------------------

/// Entries that became durable, `first` being the sequence of the first one.
struct entries_published {
  std::uint64_t first = 0;
  std::shared_ptr<const std::vector<runtime::entry>> entries;
};

/// What the model says, after entry `sequence` became durable.
struct deltas_published {
  std::uint64_t sequence = 0;
  std::shared_ptr<const std::vector<runtime::response_event>> events;
  runtime::timestamp time{};
};

/// The run has ended, or left memory because it cannot go on; nothing follows.
struct run_over {
  /// As the API shows the run; empty when it has not ended.
  std::string run_json;
};

using watcher_actor = caf::typed_actor<caf::reacts_to<entries_published>,
                                       caf::reacts_to<deltas_published>,
                                       caf::reacts_to<run_over>>;

// -- the gateway --------------------------------------------------------------

/// Why a run could not be created, or which run it is.
struct create_answer {
  runtime::failure reason;
  std::string run_id;
  /// The idempotency key was known: this is the run that it belongs to.
  bool existing = false;
};

using create_listener = caf::typed_actor<caf::reacts_to<create_answer>>;

struct create_run {
  runtime::run_created entry;
  runtime::definition_ptr definition;
  /// Of everything that was asked for; guards the idempotency key.
  std::string request_digest;
  create_listener listener;
  /// Told of the run's end; may be null.
  watcher_actor watcher;
};

struct cancel_run {
  std::string run_id;
  std::string reason;
};

/// What became of a decision, once that is durable; errc::none when it stands.
struct question_settled {
  runtime::failure reason;
};

using question_listener = caf::typed_actor<caf::reacts_to<question_settled>>;

/// A decision on a question of a run.
struct answer_question {
  runtime::question_ref question;
  /// As `runtime::read_answer` takes it.
  runtime::json body;
  question_listener listener;
};

struct watch_run {
  std::string run_id;
  watcher_actor watcher;
};

/// A run's actor has nothing to do in memory any more.
struct run_left {
  std::string run_id;
  /// Messages that it had from the gateway when it said so.
  std::uint64_t received = 0;
  /// It ended, and does not come back.
  bool ended = false;
  /// Whoever still watches a run that has not ended.
  std::vector<watcher_actor> watchers;
  /// It cannot go on at this node: it is damaged, or another one owns it.
  bool broken = false;
};

// -- tasks --------------------------------------------------------------------

/// One attempt is over.
struct task_ended {
  runtime::attempt_report report;
};

/// Another system works for the attempt, and this is what it knows the work by.
/// An attempt that follows an interruption gets the note back.
struct task_remembered {
  runtime::task_ref task;
  std::uint32_t attempt = 1;
  runtime::json note;
};

/// The attempt is at work and needs an answer to go on. Without a question: it
/// needs it no more, and `verdict` is what becomes of the one that is open.
struct input_wanted {
  runtime::task_ref task;
  std::uint32_t attempt = 1;
  /// Metadata of the question; null for none.
  runtime::json question;
  runtime::verdict verdict = runtime::verdict::denied;
};

/// To an attempt that wanted input: somebody answered, or nobody will.
struct input_given {
  runtime::verdict verdict = runtime::verdict::denied;
  runtime::json content;
};

/// The model said more.
struct response_grew {
  std::uint32_t step = 0;
  std::shared_ptr<const std::vector<runtime::response_event>> events;
};

/// Something came from a provider: head, chunk or end.
struct http_arrived {
  std::variant<http_head, std::string, http_failure> what;
  /// Which of the receiver's exchanges it is of, where there are several.
  std::uint64_t exchange = 0;
};

struct command_ended {
  process_result result;
};

/// Code of the host program came to something.
struct function_ended {
  runtime::attempt_outcome outcome;
};

// -- event handlers -----------------------------------------------------------

/// One attempt at an event is over; without a failure, it is handled.
struct handling_ended {
  std::uint64_t event = 0;
  std::uint32_t attempt = 1;
  std::optional<runtime::attempt_failure> failure;
};

/// A handler has dealt with an event, which has to become durable.
struct event_settled {
  runtime::event_handled entry;
};

// -- the API ------------------------------------------------------------------

struct api_call {
  std::shared_ptr<server_exchange> exchange;
};

} // namespace perdure::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::answer_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::append_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::append_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::api_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::cancel_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::command_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::create_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::create_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::deltas_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::entries_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::event_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::function_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::handling_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::http_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::input_given)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::input_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::question_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::response_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::run_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::run_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::task_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::task_remembered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::watch_run)

#pragma once

#include "runtime/flow/events.hpp"
#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <functional>
#include <string>

namespace perdure::actors {

/// A run that was asked for.
struct created_run {
  std::string run_id;
  /// It was there already, under the same idempotency key.
  bool is_existing = false;
};

/// A run as the journal has it.
struct run_view {
  /// As `GET /v1/runs/ID` shows it.
  runtime::json run;
  /// Whole, with the bytes of an image; null while there is none.
  runtime::json output;
  runtime::json messages;
  /// Open ones; see `runtime::questions_json`.
  runtime::json questions;
};

struct wait_request {
  std::string run_id;
  /// The wait is over as well when the run waits for somebody's answer.
  bool until_asked = false;
  /// Told, in order, what happens meanwhile; from the beginning of the run.
  std::function<void(const runtime::event_envelope&)> on_event;
};

/// The runs of a node for the program that it is a part of: what the HTTP API
/// does, by calls.
///
/// Errors:  those of the API, and errc::unavailable when the node stops
/// Threads: any. Callbacks are called once, on a thread of the node, and must
///          not block; that of a call that nothing will come of any more is
///          told so
class run_client {
public:
  template <class T>
  using callback = std::function<void(runtime::result<T>)>;

  virtual ~run_client() = default;

  /// Asks for a run. `done` hears of it when it is durable.
  /// @param body as `POST /v1/runs` takes it
  /// @param key idempotency key; empty for none
  virtual void create(const runtime::json& body, const std::string& key,
                      callback<created_run> done)
    = 0;

  /// Waits for the end of a run.
  virtual void wait(wait_request request, callback<run_view> done) = 0;

  /// Decides an open question. `done` hears of it when it is durable.
  /// @param body as `runtime::read_answer` takes it
  virtual void answer(const std::string& question_id, runtime::json body,
                      callback<runtime::unit> done)
    = 0;

  /// Ends a run that has not ended.
  virtual void cancel(const std::string& run_id, std::string reason) = 0;

  [[nodiscard]] virtual runtime::result<run_view>
  view(const std::string& run_id) const = 0;

  /// The id of the run that was made under an idempotency key.
  [[nodiscard]] virtual runtime::result<std::string>
  find(const std::string& key) const = 0;

  /// Open questions of all runs, oldest first.
  [[nodiscard]] virtual runtime::result<runtime::json> questions() const = 0;
};

} // namespace perdure::actors

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <perdure/approval.hpp>
#include <perdure/json.hpp>
#include <perdure/usage.hpp>
#include <perdure/value.hpp>
#include <string>
#include <vector>

namespace perdure {

enum class run_state {
  scheduled,
  pending,
  running,
  waiting,
  paused,
  cancelling,
  completed,
  failed,
  cancelled,
};

/// Something that happened in a run, e.g. the model said a word.
struct event {
  /// Grows along the run.
  std::uint64_t sequence = 0;
  std::chrono::system_clock::time_point time = {};
  /// `event_kind` of `data`: `part_start`, `part_delta`,
  /// `function_tool_call`...
  std::string kind = {};
  json data = {};

  /// The text that the model's answer grew by; empty for any other event.
  [[nodiscard]] std::string text() const;
};

/// How a call waits for a run.
struct wait_options {
  /// Returns as well when the run waits for an answer of somebody; see
  /// `run_result::approvals`.
  bool return_when_waiting = false;
  /// Told, in order, what happens while the call waits; on a thread of the
  /// node, so it must not take long.
  std::function<void(const event&)> on_event = {};
};

struct run_options {
  /// Names the run. When there is a run of this name the call attaches to it
  /// instead of starting another one, in this process or a later one.
  std::string run_id = {};
  /// For the templates in the instructions and for the tools; any JSON. Use
  /// `encode` for a struct.
  json deps = {};
  /// Messages to go on from: those of another run, or Pydantic AI's.
  json message_history = {};
  /// Results of the calls that a run with `ends_when_deferred` ended with.
  json deferred_tool_results = {};
  /// In place of the agent's.
  std::string model = {};
  std::optional<perdure::usage_limits> usage_limits = {};
  json metadata = {};
  std::vector<std::string> tags = {};
  std::string conversation_id = {};
  /// Starts then, and not at once.
  std::optional<std::chrono::system_clock::time_point> schedule_at = {};
  wait_options wait = {};
};

struct run_error {
  /// E.g. `usage_limit_exceeded`; docs/errors.md has a row for each.
  std::string type;
  std::string message;
};

/// A run as it stood when the call returned.
struct run_result {
  /// Of the run, as the API and the client tool know it.
  std::string run_id = {};
  run_state state = run_state::pending;
  /// Null unless completed.
  json output = {};
  /// Why it did not complete.
  std::optional<run_error> error = {};
  run_usage usage = {};
  /// The whole conversation, as Pydantic AI writes it.
  json messages = {};
  /// What the run waits for somebody to answer.
  std::vector<approval> approvals = {};
  /// Everything that the API shows of the run.
  json run = {};

  /// The output as a `T`. Throws `perdure::error`: what the run ended with if
  /// it has no output, `invalid_value` if that is no `T`.
  template <class T>
  [[nodiscard]] T output_as() const {
    require_output();
    return decode<T>(output);
  }

  /// @returns whether the run completed
  explicit operator bool() const noexcept {
    return state == run_state::completed;
  }

private:
  void require_output() const;
};

} // namespace perdure

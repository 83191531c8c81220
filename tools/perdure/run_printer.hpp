#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"
#include "tools/perdure/console.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::client {

struct run_printer_options {
  /// Prints text while the model says it; otherwise the output alone, once.
  bool live_text = true;
  /// Tells of tool calls, retries and the end on standard error.
  bool has_notes = true;
  /// The run, for the commands that it is answered with.
  std::string run_id = {};
  /// What these commands need to reach the node.
  std::string repeat_options = {};
};

/// The id of the question that an event is about.
std::string question_id(const std::string& run_id, const runtime::json& event);

/// Turns the events of one run into what a person reads.
///
/// A response may be told twice: live, and whole after an outage; or again
/// from its beginning, after the node or the attempt died under it. Whatever
/// was printed of it is compared with what is told now, and only what is new
/// is printed.
///
///     part_start/delta --> the part grows --> what is new is printed
///                                        \-> told otherwise: said so, anew
///     call, rejection, end --> the response is closed, the next one begins
class run_printer {
public:
  /// @pre `screen` outlives this
  run_printer(console& screen, run_printer_options options);

  /// @param event as in the envelopes of the event stream
  void on_event(const runtime::json& event, runtime::timestamp now);

  /// Prints the output, as far as it was not, and the line about the end.
  /// @param run as the API shows it, of a run that has ended
  void finish(const runtime::json& run);

  /// The line about the end alone.
  void tell_end(const runtime::json& run);

private:
  /// Text of a response's part.
  struct told_text {
    std::string printed;
    /// How much of `printed` the current telling has confirmed.
    std::size_t confirmed = 0;
  };

  struct told_call {
    std::string id;
    std::string name;
    std::string args;
    bool is_open = true;
  };

  void on_part_start(const runtime::json& event);
  void on_part_delta(const runtime::json& event);
  void on_part_end(const runtime::json& event);
  void on_call(const runtime::json& event);
  void on_result(const runtime::json& event);
  void on_output_result(const runtime::json& event);
  void on_question(const runtime::json& event);
  void on_answer(const runtime::json& event);
  void on_retry(const runtime::json& event, runtime::timestamp now);
  void on_state(const runtime::json& event);

  void grow(std::int64_t index, std::string_view text);
  /// The model tells part `index` otherwise than before.
  void start_over(std::int64_t index);
  void close_response();
  void remember_call(const runtime::json& part);
  [[nodiscard]] const told_call* call_at(std::int64_t index) const;
  [[nodiscard]] bool was_printed(const runtime::json& output) const;
  void note(std::string_view text, tone look);

  console& screen_;
  run_printer_options options_;
  std::map<std::int64_t, told_text> texts_;
  /// Text of the last response that was closed.
  std::string answer_;
  std::vector<told_call> calls_;
  /// The part whose text was printed last; -1 at the start of a response.
  std::int64_t last_index_ = -1;
  bool in_response_ = false;
};

} // namespace perdure::client

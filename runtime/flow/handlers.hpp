#pragma once

#include "runtime/agent/event_handler.hpp"
#include "runtime/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace perdure::runtime {

/// How far one event handler of a run has come.
struct handler_progress {
  /// Number of the last event that is settled; all before it are.
  std::uint64_t settled = 0;
  /// Number of the last stored event that has to be settled.
  std::uint64_t owed = 0;
  std::uint64_t handled = 0;
  /// Events that it gave up on.
  std::uint64_t failed = 0;
  /// Attempts at all of them.
  std::uint64_t attempts = 0;
  std::string last_error;

  [[nodiscard]] bool is_behind() const noexcept {
    return settled < owed;
  }
};

/// Number of the last event out of those of one entry that `handler` owes a
/// settlement for; 0 for none. One that is also told of deltas settles every
/// entry with events, and thereby all deltas before it.
std::uint64_t owed_event(const event_handler& handler, std::uint64_t sequence,
                         const std::vector<json>& events);

/// The same for every attempt at an event: `RUN/event/HANDLER/NUMBER`.
std::string event_key(const std::string& run_id, const event_handler& handler,
                      std::uint64_t number);

} // namespace perdure::runtime

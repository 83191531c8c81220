#pragma once

#include "runtime/flow/run_state.hpp"
#include "runtime/models/delta.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace perdure::runtime {

/// One event as a watcher sees it.
///
/// Units:   `sequence` grows along a run. Events of the n-th entry have
///          n * 1,000,000 + k; live events after it n * 1,000,000 + 500,000 +
///          k. A watcher that comes back with the last number it saw misses
///          nothing but deltas, in whose place it gets the finished parts.
struct event_envelope {
  std::uint64_t sequence = 0;
  timestamp time{};
  json event;
};

constexpr std::uint64_t events_per_entry = 1'000'000;
constexpr std::uint64_t live_events_from = 500'000;

/// `{run_id, seq, time, event}`.
json to_json(const event_envelope& value, const std::string& run_id);

json to_json(const response_event& value);

/// All events of one entry, in the order of their numbers.
std::vector<json>
events_of(const agent_definition& definition, const entry& value);

/// Turns a run's entries and its live deltas into one watcher's events: parts
/// that were seen while they grew are not repeated, parts whose beginning was
/// missed come whole. Not thread-safe; one per watcher.
class event_stream {
public:
  /// @param after the last event that the watcher has; 0 for none.
  event_stream(definition_ptr definition, std::uint64_t after);

  /// Events of the next entry. Entries come in order, from the first one that
  /// may hold something new: `first_entry`.
  std::vector<event_envelope>
  on_entry(std::uint64_t sequence, const entry& value);

  /// What the model says after entry `sequence` became durable.
  std::vector<event_envelope>
  on_live(std::uint64_t sequence, const response_event& value, timestamp time);

  /// Some of what the model says is not handed over: parts come whole instead.
  void skip_live() noexcept {
    seen_.clear();
  }

  /// Sequence of the first entry that this watcher needs.
  [[nodiscard]] std::uint64_t first_entry() const noexcept;

private:
  void take_listing(const entry& value);

  definition_ptr definition_;
  /// Of its servers, until they are all there; those that are not are empty.
  std::vector<tool_listing> lists_;
  std::uint64_t after_;
  std::uint64_t live_entry_ = 0;
  std::uint64_t live_count_ = 0;
  bool final_told_ = false;
  /// Kind of the part that the model said last; null before the first.
  json previous_kind_;
  /// Parts of the response under way that this watcher saw begin.
  std::set<std::uint32_t> seen_;
};

} // namespace perdure::runtime

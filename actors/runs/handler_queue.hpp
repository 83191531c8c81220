#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"
#include "runtime/flow/events.hpp"

#include <deque>
#include <memory>
#include <string>

namespace perdure::actors {

struct handler_queue_options {
  services_ptr services;
  std::string run_id;
  runtime::definition_ptr definition;
  std::shared_ptr<const runtime::event_handler> handler;
  /// Number of the last event that is settled.
  std::uint64_t settled = 0;
  /// Sequence of the last entry that is durable.
  std::uint64_t durable = 0;
};

/// The events that one handler has yet to be told of, in order. It keeps a
/// bounded number of them; what does not fit is read from the journal again
/// when there is room, and deltas that do not fit are left out: their parts
/// come whole. Not thread-safe.
class handler_queue {
public:
  explicit handler_queue(handler_queue_options options);

  // What the run's actor tells its watchers.
  void on(const entries_published& news);
  void on(const deltas_published& news);

  /// The next event; null when there is none.
  [[nodiscard]] const runtime::event_envelope* front();
  /// @pre `front()` is not null
  void pop();

  /// Number of the last stored event, out of those that came so far, that has
  /// to be settled.
  [[nodiscard]] std::uint64_t owed() const noexcept {
    return owed_;
  }

private:
  [[nodiscard]] bool has_room() const noexcept;
  /// Reads what the journal has, as long as there is room.
  void fill();
  void take(std::uint64_t sequence, const runtime::entry& entry);
  void add(std::vector<runtime::event_envelope> events);

  handler_queue_options options_;
  runtime::event_stream stream_;
  std::deque<runtime::event_envelope> events_;
  /// Sequence of the entry that comes next.
  std::uint64_t next_;
  std::uint64_t owed_ = 0;
};

} // namespace perdure::actors

#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"
#include "runtime/flow/events.hpp"

#include <functional>
#include <string>
#include <vector>

namespace perdure::actors {

struct event_feed_options {
  services_ptr services;
  std::string run_id;
  runtime::definition_ptr definition;
  /// The last event that the watcher has; 0 for none.
  std::uint64_t after = 0;
  /// Gets the events, each once and in order.
  std::function<void(const std::vector<runtime::event_envelope>&)> sink;
};

/// What one watcher sees of a run: first what the journal has, then what
/// becomes durable and what the model is saying. Not thread-safe.
class event_feed {
public:
  explicit event_feed(event_feed_options options);

  /// Reads what the journal has. An entry that cannot be read ends the feed.
  void catch_up();

  // What the run's actor tells its watchers. @pre catch_up was called
  void on(const entries_published& news);
  void on(const deltas_published& news);

  /// The run has ended, or cannot be read: nothing follows.
  [[nodiscard]] bool is_over() const noexcept {
    return is_over_;
  }

private:
  void take(std::uint64_t sequence, const runtime::entry& entry);

  event_feed_options options_;
  runtime::event_stream stream_;
  /// Sequence of the entry that comes next.
  std::uint64_t next_;
  bool is_over_ = false;
};

} // namespace perdure::actors

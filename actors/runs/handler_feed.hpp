#pragma once

#include "actors/runs/handler_queue.hpp"
#include "runtime/agent/host_code.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <optional>

namespace perdure::actors {

using handler_feed_actor = caf::typed_actor<
  // Entries of the run that became durable.
  caf::reacts_to<entries_published>,
  // What the model says; sent to handlers of `part_delta` only.
  caf::reacts_to<deltas_published>,
  // INTERNAL: an attempt is over.
  caf::reacts_to<handling_ended>,
  // INTERNAL: the delay with this number is over.
  caf::reacts_to<wake_atom, std::uint64_t>>;

/// Whoever makes durable what became of an event.
using handler_feed_parent = caf::typed_actor<caf::reacts_to<event_settled>>;

struct handler_feed_options {
  handler_queue_options queue;
  handler_feed_parent parent;
  /// Position of the handler in the run.
  std::uint32_t position = 0;
  /// Of every event; key and attempt are filled in.
  runtime::host_context context;
  /// Before it begins.
  std::chrono::milliseconds delay{0};
};

/// Tells one event handler of the events of a run, one after another.
///
///     idle --event--> handling --handled, gave up--> settling
///      ^               ^    | failed                    |
///      |               |    v                           | event_handled
///      |               backing off                      | is durable
///      +------------------------------------------------+
///
/// The next event begins once the settlement of the one before is durable, so
/// that after a crash one event at most is handled again.
struct handler_feed_state {
  explicit handler_feed_state(handler_feed_actor::pointer self_ptr);
  ~handler_feed_state();

  void start(handler_feed_options given);
  void on(const entries_published& news);
  void on(const deltas_published& news);
  void on(const handling_ended& ended);
  /// The actor of an attempt died.
  void on(const caf::down_msg& gone);
  void wake(std::uint64_t timer);

  static constexpr const char* name = "handler-feed";

  handler_feed_actor::pointer self;
  handler_feed_options options;
  std::optional<handler_queue> queue;

private:
  enum class phase { waiting, idle, handling, backing_off, settling };

  /// Begins with the next event, when there is one and nothing else to do.
  void go_on();
  void begin_attempt();
  void end_attempt(const std::optional<runtime::attempt_failure>& failure);
  void back_off(std::chrono::milliseconds delay, phase next);
  void settle(runtime::event_handled entry);

  phase phase_ = phase::waiting;
  std::uint32_t attempt_ = 0;
  /// Number of the last event whose settlement is durable.
  std::uint64_t settled_ = 0;
  /// Number of the event whose settlement is on its way.
  std::uint64_t settling_ = 0;
  std::uint64_t timer_ = 0;
  caf::actor task_;
};

handler_feed_actor::behavior_type
handler_feed(handler_feed_actor::stateful_pointer<handler_feed_state> self,
             handler_feed_options options);

} // namespace perdure::actors

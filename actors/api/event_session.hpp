#pragma once

#include "actors/runs/event_feed.hpp"
#include "actors/runs/gateway_api.hpp"
#include "actors/services.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>

namespace perdure::actors {

using event_session_actor = caf::typed_actor<
  // News of the run.
  caf::reacts_to<entries_published>, caf::reacts_to<deltas_published>,
  caf::reacts_to<run_over>,
  // INTERNAL: the stream has been silent for a while.
  caf::reacts_to<next_atom>,
  // INTERNAL: the peer has gone.
  caf::reacts_to<over_atom>>;

struct event_session_options {
  services_ptr services;
  gateway_actor gateway;
  std::shared_ptr<server_exchange> exchange;
  std::string run_id;
  runtime::definition_ptr definition;
  /// The last event that the watcher has; 0 for none.
  std::uint64_t after = 0;
  /// False ends the stream after what is stored.
  bool follow = true;
};

/// Answers one `GET /v1/runs/ID/events`: first what the journal has, then what
/// becomes durable and what the model is saying.
struct event_session_state {
  explicit event_session_state(event_session_actor::pointer self_ptr);

  void start();
  template <class News>
  void on(const News& news);
  void write(const std::vector<runtime::event_envelope>& events);
  void keep_alive();
  void end();

  static constexpr const char* name = "event-session";

  event_session_actor::pointer self;
  event_session_options options;
  std::optional<event_feed> feed;
  bool ended = false;
};

event_session_actor::behavior_type
event_session(event_session_actor::stateful_pointer<event_session_state> self,
              event_session_options options);

} // namespace perdure::actors

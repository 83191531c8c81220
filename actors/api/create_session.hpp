#pragma once

#include "actors/api/create_request.hpp"
#include "actors/runs/gateway_api.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace perdure::actors {

using create_session_actor = caf::typed_actor<
  // The run is durable, or refused.
  caf::reacts_to<create_answer>,
  // The run goes on: nothing to do.
  caf::reacts_to<entries_published>, caf::reacts_to<deltas_published>,
  // The run has ended.
  caf::reacts_to<run_over>,
  // INTERNAL: the caller has waited as long as it wanted, or has gone.
  caf::reacts_to<over_atom>>;

struct create_session_options {
  services_ptr services;
  gateway_actor gateway;
  std::shared_ptr<server_exchange> exchange;
  create_request request;
  /// How long the caller waits for the run's end; zero for not at all.
  std::chrono::milliseconds wait{0};
};

/// Answers one `POST /v1/runs`.
struct create_session_state {
  explicit create_session_state(create_session_actor::pointer self_ptr);

  void start();
  void on(const create_answer& answer);
  void on(const run_over& over);
  /// Answers with the run as it is now.
  void answer_now();

  static constexpr const char* name = "create-session";

  create_session_actor::pointer self;
  create_session_options options;
  std::string run_id;
  /// 201 for a new run, 200 for one that the key belonged to.
  unsigned status = 201;
};

create_session_actor::behavior_type create_session(
  create_session_actor::stateful_pointer<create_session_state> self,
  create_session_options options);

} // namespace perdure::actors

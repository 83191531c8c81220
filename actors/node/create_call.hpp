#pragma once

#include "actors/api/create_request.hpp"
#include "actors/node/owed_answer.hpp"
#include "actors/node/run_client.hpp"
#include "actors/runs/gateway_api.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perdure::actors {

using create_call_actor = caf::typed_actor<
  // The run is durable, or refused.
  caf::reacts_to<create_answer>>;

struct create_call_options {
  gateway_actor gateway;
  create_request request;
  run_client::callback<created_run> done;
};

/// Asks the gateway for one run and hands its answer on.
struct create_call_state {
  explicit create_call_state(create_call_actor::pointer self_ptr);

  void start(create_call_options options);
  void on(create_answer& answer);

  static constexpr const char* name = "create-call";

  create_call_actor::pointer self;
  gateway_actor gateway;
  owed_answer<created_run> done;
};

create_call_actor::behavior_type
create_call(create_call_actor::stateful_pointer<create_call_state> self,
            create_call_options options);

} // namespace perdure::actors

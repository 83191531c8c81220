#pragma once

#include "actors/node/owed_answer.hpp"
#include "actors/node/run_client.hpp"
#include "actors/runs/gateway_api.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace perdure::actors {

using answer_call_actor = caf::typed_actor<
  // The decision is durable, or refused.
  caf::reacts_to<question_settled>>;

struct answer_call_options {
  gateway_actor gateway;
  runtime::question_ref question;
  runtime::json body;
  run_client::callback<runtime::unit> done;
};

/// Puts one decision to the gateway and hands its answer on.
struct answer_call_state {
  explicit answer_call_state(answer_call_actor::pointer self_ptr);

  void start(answer_call_options options);
  void on(question_settled& settled);

  static constexpr const char* name = "answer-call";

  answer_call_actor::pointer self;
  gateway_actor gateway;
  owed_answer<runtime::unit> done;
};

answer_call_actor::behavior_type
answer_call(answer_call_actor::stateful_pointer<answer_call_state> self,
            answer_call_options options);

} // namespace perdure::actors

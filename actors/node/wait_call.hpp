#pragma once

#include "actors/node/owed_answer.hpp"
#include "actors/node/run_client.hpp"
#include "actors/runs/event_feed.hpp"
#include "actors/runs/gateway_api.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>

namespace perdure::actors {

using wait_call_actor = caf::typed_actor<
  // News of the run.
  caf::reacts_to<entries_published>, caf::reacts_to<deltas_published>,
  caf::reacts_to<run_over>>;

struct wait_call_options {
  services_ptr services;
  gateway_actor gateway;
  runtime::definition_ptr definition;
  wait_request request;
  run_client::callback<run_view> done;
};

/// Watches one run until its end, or until it asks somebody.
struct wait_call_state {
  explicit wait_call_state(wait_call_actor::pointer self_ptr);

  void start(wait_call_options given);
  void on(const entries_published& news);
  void on(const deltas_published& news);
  void on(const run_over& over);
  /// Ends the call if the wait is over by what the journal says.
  void check();
  void finish(runtime::result<run_view> answer);

  static constexpr const char* name = "wait-call";

  wait_call_actor::pointer self;
  gateway_actor gateway;
  services_ptr services;
  wait_request request;
  owed_answer<run_view> done;
  /// Absent when nobody wants to know.
  std::optional<event_feed> feed;
  bool is_finished = false;
};

wait_call_actor::behavior_type
wait_call(wait_call_actor::stateful_pointer<wait_call_state> self,
          wait_call_options options);

/// Errors: errc::run_not_found, errc::storage_corrupt.
runtime::result<run_view>
view_run(const services& node, const std::string& run_id);

} // namespace perdure::actors

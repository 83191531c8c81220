#pragma once

#include "actors/messages.hpp"

#include <caf/typed_actor.hpp>

namespace perdure::actors {

/// Knows which runs are in memory; everything that concerns a run goes through
/// it.
using gateway_actor = caf::typed_actor<
  // Makes the run durable, then starts it. `create_answer` goes to the
  // listener.
  caf::reacts_to<create_run>,
  // Ends a run that has not ended; nothing happens to one that has.
  caf::reacts_to<cancel_run>,
  // Puts a decision to the run that asked. `question_settled` goes to the
  // listener.
  caf::reacts_to<answer_question>,
  // From now on the watcher is told what becomes durable in the run.
  caf::reacts_to<watch_run>,
  // Brings all unfinished runs back; the first message of a node's life.
  caf::reacts_to<start_atom>,
  // Takes no new runs and starts none; those in memory are dropped as they are.
  caf::reacts_to<drain_atom>,
  // INTERNAL: a run has ended, or waits for long.
  caf::reacts_to<run_left>,
  // INTERNAL: a creation is durable, or refused.
  caf::reacts_to<append_done>,
  // INTERNAL: the moment has come that the timer with this number was set for.
  caf::reacts_to<wake_atom, std::uint64_t>>;

} // namespace perdure::actors

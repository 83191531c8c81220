#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace perdure::actors {

using journal_writer_actor = caf::typed_actor<
  // Makes the batch durable with all others that wait; `append_done` goes to
  // the listener. Batches that create a run are refused while the disk is full;
  // all others wait until there is room, since their effects have happened.
  caf::reacts_to<append_request>,
  // INTERNAL: everything that was in the mailbox has been gathered.
  caf::reacts_to<flush_atom>,
  // INTERNAL: try again what found no room.
  caf::reacts_to<wake_atom>>;

struct journal_writer_options {
  std::shared_ptr<storage::journal> journal;
  std::shared_ptr<node_health> health;
  std::shared_ptr<actors::metrics> metrics;
  /// Batches in one transaction; bounds the latency of a commit.
  std::size_t batches_max = 4'096;
  /// Between two attempts to write what found no room.
  std::chrono::milliseconds full_retry{500};
  /// Called once when the store fails in a way that waiting does not mend; the
  /// node must stop, for nothing more can be acknowledged.
  std::function<void(const std::string& reason)> on_failure;
};

/// Group commit: one transaction for whatever came in while the last one was
/// being written.
struct journal_writer_state {
  explicit journal_writer_state(journal_writer_actor::pointer self_ptr);

  void add(append_request& request);
  void flush();
  void settle(std::vector<append_request> requests,
              std::vector<storage::append_outcome> outcomes);
  void hold(append_request request);
  /// Looks again in a while whether there is room.
  void arm();
  void wake();

  static constexpr const char* name = "journal-writer";

  journal_writer_actor::pointer self;
  journal_writer_options options;
  std::vector<append_request> waiting;
  /// Found no room on the disk; first in the next transaction.
  std::vector<append_request> held;
  bool failed = false;
  bool armed = false;
};

/// Blocks in commits: spawn it detached.
journal_writer_actor::behavior_type journal_writer(
  journal_writer_actor::stateful_pointer<journal_writer_state> self,
  journal_writer_options options);

} // namespace perdure::actors

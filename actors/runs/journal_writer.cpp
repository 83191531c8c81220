#include "actors/runs/journal_writer.hpp"

#include <chrono>
#include <utility>

namespace perdure::actors {

using runtime::errc;

journal_writer_state::journal_writer_state(
  journal_writer_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void journal_writer_state::add(append_request& request) {
  // The flush comes after everything that is in the mailbox by now.
  if (waiting.empty())
    self->send(self, flush_atom_v);
  waiting.push_back(std::move(request));
  if (waiting.size() >= options.batches_max)
    flush();
}

void journal_writer_state::flush() {
  if (waiting.empty() && held.empty())
    return;
  auto requests = std::exchange(held, {});
  if (requests.empty()) {
    requests.swap(waiting);
  } else {
    for (auto& request : waiting)
      requests.push_back(std::move(request));
    waiting.clear();
  }
  std::vector<storage::append_batch> batches;
  batches.reserve(requests.size());
  for (auto& request : requests)
    batches.push_back(std::move(request.batch));
  const auto begin = std::chrono::steady_clock::now();
  auto outcomes = options.journal->commit(batches);
  options.metrics->count(batches, outcomes,
                         std::chrono::steady_clock::now() - begin);
  for (std::size_t i = 0; i < requests.size(); ++i)
    if (outcomes[i].code == errc::storage_full)
      requests[i].batch = std::move(batches[i]);
  settle(std::move(requests), std::move(outcomes));
}

void journal_writer_state::settle(
  std::vector<append_request> requests,
  std::vector<storage::append_outcome> outcomes) {
  bool full = false;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& request = requests[i];
    auto& outcome = outcomes[i];
    const bool creates = request.batch.next_sequence == 1;
    full = full || outcome.code == errc::storage_full;
    if (outcome.code == errc::storage_full && !creates) {
      hold(std::move(request));
      continue;
    }
    const bool broken = outcome.code == errc::storage_io
                        || outcome.code == errc::storage_corrupt;
    if (broken && !std::exchange(failed, true) && options.on_failure)
      options.on_failure(outcome.message);
    self->send(request.listener,
               append_done{request.token, std::move(outcome)});
  }
  if (full) {
    options.health->journal_full = true;
    arm();
  }
}

void journal_writer_state::hold(append_request request) {
  held.push_back(std::move(request));
}

void journal_writer_state::arm() {
  if (!std::exchange(armed, true))
    self->delayed_send(self, options.full_retry, wake_atom_v);
}

void journal_writer_state::wake() {
  armed = false;
  flush();
  if (!held.empty())
    return; // and armed again
  // Appends that found room say nothing about a new run: there is a reserve.
  const auto room = options.journal->check_room();
  const bool full = !room && room.error().code == errc::storage_full;
  options.health->journal_full = full;
  if (full)
    arm();
}

journal_writer_actor::behavior_type journal_writer(
  journal_writer_actor::stateful_pointer<journal_writer_state> self,
  journal_writer_options options) {
  self->state.options = std::move(options);
  // A node may start on a disk that is full already.
  self->send(self, wake_atom_v);
  return {
    [self](append_request& request) { self->state.add(request); },
    [self](flush_atom) { self->state.flush(); },
    [self](wake_atom) { self->state.wake(); },
  };
}

} // namespace perdure::actors

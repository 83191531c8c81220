#pragma once

#include "actors/runs/flow_run.hpp"
#include "actors/runs/gateway_api.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace perdure::actors {

struct gateway_options {
  services_ptr services;
  journal_writer_actor journal;
  mcp_hub_actor mcp;
};

/// Holds the actors of the runs in memory, brings back those that are due, and
/// lets no more in than the node can carry.
struct gateway_state {
  explicit gateway_state(gateway_actor::pointer self_ptr);

  void create(create_run& request);
  void on(append_done& done);
  void cancel(cancel_run& request);
  void decide(answer_question& request);
  void watch(watch_run& request);
  void leave(run_left& message);
  /// Reads all runs that have not ended and starts what should be in memory.
  void recover();
  /// Starts what is due, and sets the timer for what comes next.
  void wake();
  /// The timer with this number has run out; older ones mean nothing.
  void wake(std::uint64_t timer);
  void drain();
  /// A watcher has gone.
  void drop(const caf::actor_addr& gone);

  static constexpr const char* name = "gateway";

  gateway_actor::pointer self;
  gateway_options options;

private:
  struct live_run {
    flow_run_actor actor;
    /// Messages that it was sent.
    std::uint64_t sent = 0;
  };

  /// A run that should be in memory, and what its actor starts with.
  struct admission {
    std::string run_id;
    runtime::definition_ptr definition;
    std::shared_ptr<const runtime::run_created> created;
    /// Set for a run that comes back to be cancelled.
    std::optional<std::string> cancel = {};
    /// The run's owner died while it was at work.
    bool taken_over = false;
  };

  void admit(admission next);
  /// Brings a run that is not in memory back at once, past the queue.
  /// @returns why it cannot be, or nothing
  runtime::failure bring_back(admission next);
  void spawn_run(admission next);
  void admit_waiting();
  /// Remembers who watches a run that is not in memory.
  void keep(const std::string& run_id, watcher_actor watcher);
  void answer(create_run& request, create_answer what);
  /// Sets the timer for the earliest wake-up, unless it comes before it anyway.
  void arm_next();
  void arm(runtime::timestamp moment);
  void report_health();

  std::unordered_map<std::string, live_run> live_;
  std::deque<admission> queue_;
  /// Runs in `queue_`.
  std::unordered_set<std::string> queued_;
  /// Runs that cannot go on at this node.
  std::unordered_set<std::string> broken_;
  std::unordered_map<std::string, std::vector<watcher_actor>> watchers_;
  std::unordered_map<std::uint64_t, create_run> creating_;
  std::uint64_t next_token_ = 1;
  std::optional<runtime::timestamp> armed_;
  /// Number of the timer that counts.
  std::uint64_t timer_ = 0;
  bool draining_ = false;
};

gateway_actor::behavior_type
gateway(gateway_actor::stateful_pointer<gateway_state> self,
        gateway_options options);

} // namespace perdure::actors

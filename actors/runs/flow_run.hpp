#pragma once

#include "actors/mcp/hub.hpp"
#include "actors/runs/gateway_api.hpp"
#include "actors/runs/handler_feed.hpp"
#include "actors/runs/journal_writer.hpp"
#include "actors/runs/model_candidates.hpp"
#include "actors/runs/task.hpp"
#include "actors/runs/task_cache.hpp"
#include "runtime/flow/machine.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace perdure::actors {

using flow_run_actor = caf::typed_actor<
  // Ends the run as cancelled, and all its tasks at once.
  caf::reacts_to<cancel_run>,
  // Answers an open question. `question_settled` goes to the listener.
  caf::reacts_to<answer_question>,
  // Tells the watcher what becomes durable from now on.
  caf::reacts_to<watch_run>,
  // The gateway has forgotten this actor: it may go.
  caf::reacts_to<leave_atom>,
  // INTERNAL: an append is durable, or refused.
  caf::reacts_to<append_done>,
  // INTERNAL: an attempt of a task is over.
  caf::reacts_to<task_ended>,
  // INTERNAL: an event handler has dealt with an event.
  caf::reacts_to<event_settled>,
  // INTERNAL: what an attempt must be remembered by.
  caf::reacts_to<task_remembered>,
  // INTERNAL: an attempt asks somebody, or does not want to know any more.
  caf::reacts_to<input_wanted>,
  // INTERNAL: the model said more.
  caf::reacts_to<response_grew>,
  // INTERNAL: the moment has come that the timer with this number was set for.
  caf::reacts_to<wake_atom, std::uint64_t>>;

struct flow_run_options {
  services_ptr services;
  gateway_actor gateway;
  journal_writer_actor journal;
  mcp_hub_actor mcp;
  std::string run_id;
  /// Set for a run that was just created; otherwise the run is read from the
  /// journal.
  runtime::definition_ptr definition;
  std::shared_ptr<const runtime::run_created> created;
  std::vector<watcher_actor> watchers;
  /// The run only comes back to end as cancelled, for this reason.
  std::optional<std::string> cancel;
  /// The run's owner died while it was at work.
  bool taken_over = false;
};

/// Supervises one run: folds its entries, keeps the tasks under way that
/// `decide` names, and makes their outcomes durable before they count.
struct flow_run_state {
  explicit flow_run_state(flow_run_actor::pointer self_ptr);
  ~flow_run_state();

  /// Takes the run from the journal or from its creation and goes on with it.
  void open();
  /// Looks at the state anew: what follows from it, and what should be under
  /// way.
  void advance();
  /// Applies `next` and all that follows from it, and appends them together.
  void push(std::vector<runtime::entry> next, question_listener listener = {});
  void perform(const runtime::start_task& command);
  void perform(const runtime::wait_until& command);
  void on(append_done& done);
  void on(task_ended& ended);
  void on(task_remembered& remark);
  void on(input_wanted& wish);
  void on(const response_grew& grew);
  void on(const event_settled& settled);
  void on(const cancel_run& request);
  void on(const answer_question& request);
  /// A task died, or a watcher has gone.
  void on(const caf::down_msg& gone);
  void watch(watcher_actor watcher);
  /// The timer with this number has run out; older ones mean nothing.
  void wake(std::uint64_t timer);
  void leave_if_idle();
  void abandon(const std::string& reason);

  static constexpr const char* name = "flow-run";

  flow_run_actor::pointer self;
  flow_run_options options;
  std::optional<runtime::run_state> run;

private:
  struct running_task {
    std::uint32_t attempt = 1;
    caf::actor handle;
  };

  /// Entries on their way to the disk.
  struct pending_append {
    std::uint64_t first = 0;
    std::shared_ptr<const std::vector<runtime::entry>> entries;
    /// Told when they are durable; may be null.
    question_listener listener;
  };

  bool rehydrate();
  /// Outcomes that tasks which should begin have from other runs.
  std::vector<runtime::entry>
  cached_outcomes(const std::vector<runtime::command>& commands);
  void start_model(const runtime::start_task& command);
  /// Whether a call that runs alone is in its way; its end decides anew.
  [[nodiscard]] bool must_wait(const runtime::task_ref& task) const;
  void start_call(const runtime::start_task& command);
  void start_server_task(const runtime::start_task& command);
  /// Has the model say what a server wants.
  void start_sampling(const runtime::start_task& command);
  /// Puts the request to a model without a network.
  void ask_local(const runtime::start_task& command,
                 const runtime::local_model& model,
                 const runtime::local_request& request);
  /// Ends what models are asked for calls that have ended.
  void stop_samplings();
  /// Tells tasks that wait for answers what has become durable of them.
  void give_input(const pending_append& durable);
  void start_output(const runtime::start_task& command);
  /// Spawns the actor of a task, monitored.
  template <class Behavior, class Options>
  void spawn_task(const runtime::start_task& command, Behavior behavior,
                  Options settings);
  runtime::host_context host_context(const runtime::start_task& command) const;
  task_options task(const runtime::start_task& command) const;
  void fail_attempt(const runtime::start_task& command,
                    runtime::attempt_failure reason);
  void stop_tasks();
  /// Nobody asks any more for the work of a model that is noted; null for none.
  void abandon_work(const std::string& model, const runtime::json& note) const;
  /// Starts the feeds of all event handlers that have none.
  void start_feeds(std::chrono::milliseconds delay = {});
  handler_feed_options feed_options(std::size_t position) const;
  /// A feed died, if it was one: another one goes on.
  void replace_feed(const caf::actor_addr& gone);
  void stop_feeds();
  void publish(const pending_append& durable);
  /// Tells that the run has ended; again for whoever comes after that.
  void finish();
  /// The run has ended, and that is durable.
  [[nodiscard]] bool is_over() const;
  /// Closes the connections to servers that are the run's own.
  void leave_servers();
  void set_timer(std::optional<runtime::timestamp> moment);
  /// Makes the summary agree with the state. @returns whether it had to change
  bool refresh_summary();

  /// Sequence of the last durable entry.
  std::uint64_t durable_ = 0;
  storage::run_summary summary_;
  std::deque<pending_append> pending_;
  std::map<runtime::task_ref, running_task> running_;
  std::optional<model_candidates> models_;
  std::optional<task_cache> cache_;
  /// Entries that the state holds and the next append will.
  std::vector<runtime::entry> unsaved_;
  /// By position of the handler; null where there is nothing to tell.
  std::vector<handler_feed_actor> feeds_;
  std::uint64_t timer_ = 0;
  std::optional<runtime::timestamp> timer_at_;
  /// Messages from the gateway so far.
  std::uint64_t received_ = 0;
  std::optional<runtime::timestamp> idle_until_;
  /// The gateway was asked to forget this actor, and has not answered.
  bool leaving_ = false;
};

template <class Behavior, class Options>
void flow_run_state::spawn_task(const runtime::start_task& command,
                                Behavior behavior, Options settings) {
  auto handle = self->spawn<caf::monitored>(behavior, std::move(settings));
  running_[command.task]
    = {command.attempt, caf::actor_cast<caf::actor>(handle)};
}

flow_run_actor::behavior_type
flow_run(flow_run_actor::stateful_pointer<flow_run_state> self,
         flow_run_options options);

} // namespace perdure::actors

#include "actors/runs/gateway.hpp"

#include "actors/runs/summary.hpp"
#include "runtime/flow/views.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::run_status;
using runtime::timestamp;

gateway_state::gateway_state(gateway_actor::pointer self_ptr) : self(self_ptr) {
  // nop
}

// -- creation -----------------------------------------------------------------

void gateway_state::create(create_run& request) {
  const auto& limits = options.services->runs;
  if (draining_)
    return answer(request, {{errc::unavailable,
                             "the node is shutting down; try again in a moment "
                             "or at another node"},
                            {},
                            false});
  if (options.services->health->journal_full)
    return answer(
      request,
      {{errc::storage_full,
        "the node's journal has no room for new runs; free disk space or raise "
        "limits.journal_bytes_max, see the node's log"},
       {},
       false});
  if (queue_.size() + creating_.size() >= limits.queued_runs_max)
    return answer(request,
                  {{errc::overloaded,
                    std::to_string(queue_.size())
                      + " runs wait their turn already; try again later, or "
                        "raise limits.queued_runs_max"},
                   {},
                   false});
  append_request append;
  append.batch.run_id = request.entry.run_id;
  append.batch.epoch = options.services->journal->epoch();
  append.batch.entries.push_back(storage::encode(request.entry));
  append.batch.summary = summary_of(request.entry);
  append.batch.idempotency_key = request.entry.idempotency_key;
  append.batch.request_digest = request.request_digest;
  append.listener = self;
  append.token = next_token_++;
  creating_.emplace(append.token, std::move(request));
  self->send(options.journal, std::move(append));
}

void gateway_state::on(append_done& done) {
  const auto found = creating_.find(done.token);
  if (found == creating_.end())
    return;
  auto request = std::move(found->second);
  creating_.erase(found);
  auto& outcome = done.outcome;
  if (!outcome.existing_run_id.empty()) {
    if (outcome.existing_digest == request.request_digest)
      return answer(request, {{}, outcome.existing_run_id, true});
    return answer(
      request, {{errc::conflict,
                 "the idempotency key '" + request.entry.idempotency_key
                   + "' belongs to run " + outcome.existing_run_id
                   + ", which was asked for something else; use another key"},
                {},
                false});
  }
  if (outcome.code != errc::none)
    return answer(request, {{outcome.code, outcome.message}, {}, false});
  const auto run_id = request.entry.run_id;
  if (request.watcher)
    keep(run_id, request.watcher);
  answer(request, {{}, run_id, false});
  if (request.entry.scheduled_at) {
    arm(*request.entry.scheduled_at);
    return;
  }
  admit(
    {run_id, request.definition,
     std::make_shared<const runtime::run_created>(std::move(request.entry))});
}

void gateway_state::answer(create_run& request, create_answer what) {
  self->send(request.listener, std::move(what));
}

// -- runs in memory -----------------------------------------------------------

void gateway_state::admit(admission next) {
  if (draining_ || live_.contains(next.run_id) || queued_.contains(next.run_id)
      || broken_.contains(next.run_id))
    return;
  if (live_.size() < options.services->runs.active_runs_max) {
    spawn_run(std::move(next));
  } else {
    queued_.insert(next.run_id);
    queue_.push_back(std::move(next));
  }
  report_health();
}

void gateway_state::spawn_run(admission next) {
  flow_run_options run;
  run.services = options.services;
  run.gateway = self;
  run.journal = options.journal;
  run.mcp = options.mcp;
  run.run_id = next.run_id;
  run.definition = std::move(next.definition);
  run.created = std::move(next.created);
  run.cancel = std::move(next.cancel);
  run.taken_over = next.taken_over;
  if (const auto found = watchers_.find(next.run_id);
      found != watchers_.end()) {
    run.watchers = std::move(found->second);
    watchers_.erase(found);
  }
  auto actor = self->spawn(flow_run, std::move(run));
  live_.insert_or_assign(std::move(next.run_id), live_run{std::move(actor), 0});
}

void gateway_state::admit_waiting() {
  while (!queue_.empty()
         && live_.size() < options.services->runs.active_runs_max) {
    auto next = std::move(queue_.front());
    queue_.pop_front();
    queued_.erase(next.run_id);
    spawn_run(std::move(next));
  }
  report_health();
}

void gateway_state::leave(run_left& message) {
  const auto found = live_.find(message.run_id);
  if (found == live_.end())
    return;
  if (!message.broken) {
    // Something is on its way to the actor: it will ask again.
    if (found->second.sent != message.received)
      return;
    self->send(found->second.actor, leave_atom_v);
    for (auto& watcher : message.watchers)
      keep(message.run_id, std::move(watcher));
  }
  live_.erase(found);
  if (message.broken)
    broken_.insert(message.run_id);
  if (!message.ended)
    arm_next();
  admit_waiting();
}

void gateway_state::cancel(cancel_run& request) {
  const auto found = live_.find(request.run_id);
  if (found == live_.end()) {
    // A parked or queued run comes back to end itself.
    bring_back({request.run_id, nullptr, nullptr, std::move(request.reason)});
    return;
  }
  ++found->second.sent;
  self->send(found->second.actor, std::move(request));
}

void gateway_state::decide(answer_question& request) {
  const auto& run_id = request.question.run_id;
  auto found = live_.find(run_id);
  if (found == live_.end()) {
    if (auto reason = bring_back({run_id, nullptr, nullptr});
        reason.code != errc::none) {
      self->send(request.listener, question_settled{std::move(reason)});
      return;
    }
    found = live_.find(run_id);
  }
  ++found->second.sent;
  self->send(found->second.actor, std::move(request));
}

runtime::failure gateway_state::bring_back(admission next) {
  auto summary = options.services->journal->summary(next.run_id);
  if (!summary)
    return summary.error();
  if (runtime::is_final(summary->status))
    return {errc::conflict, "run " + next.run_id + " has ended"};
  if (draining_ || broken_.contains(next.run_id))
    return {errc::unavailable,
            "run " + next.run_id + " cannot go on at this node now"};
  auto definition = options.services->agents->by_hash(summary->definition_hash);
  if (!definition)
    return definition.error();
  if (auto served = options.services->agents->check_served(**definition);
      !served && !next.cancel)
    return served.error();
  // What it was queued with must not start a second time.
  if (queued_.erase(next.run_id) > 0)
    for (auto at = queue_.begin(); at != queue_.end(); ++at)
      if (at->run_id == next.run_id) {
        next.taken_over = at->taken_over;
        queue_.erase(at);
        break;
      }
  spawn_run(std::move(next));
  report_health();
  return {errc::none, {}};
}

void gateway_state::watch(watch_run& request) {
  if (const auto found = live_.find(request.run_id); found != live_.end()) {
    ++found->second.sent;
    self->send(found->second.actor, std::move(request));
    return;
  }
  if (broken_.contains(request.run_id))
    self->send(request.watcher, run_over{});
  else
    keep(request.run_id, std::move(request.watcher));
}

void gateway_state::keep(const std::string& run_id, watcher_actor watcher) {
  self->monitor(watcher);
  watchers_[run_id].push_back(std::move(watcher));
}

void gateway_state::drop(const caf::actor_addr& gone) {
  for (auto at = watchers_.begin(); at != watchers_.end();) {
    std::erase_if(at->second, [&gone](const watcher_actor& x) {
      return x.address() == gone;
    });
    at = at->second.empty() ? watchers_.erase(at) : std::next(at);
  }
}

// -- coming back --------------------------------------------------------------

void gateway_state::recover() {
  std::vector<storage::run_query> queries(4);
  queries[0].status = run_status::running;
  queries[1].status = run_status::cancelling;
  queries[2].status = run_status::pending;
  queries[3].behind = true;
  std::size_t count = 0;
  for (auto& query : queries) {
    query.limit = 1'000;
    do {
      auto page = options.services->journal->runs(query);
      if (!page) {
        options.services->log(log_level::error, "cannot list unfinished runs: "
                                                  + page.error().message);
        return;
      }
      for (auto& run : page->runs)
        admit({std::move(run.run_id), nullptr, nullptr, {}, !query.behind});
      count += page->runs.size();
      query.cursor = std::move(page->cursor);
    } while (!query.cursor.empty());
  }
  if (count > 0)
    options.services->log(log_level::info,
                          std::to_string(count) + " unfinished runs go on");
  wake();
}

void gateway_state::wake(std::uint64_t timer) {
  if (timer == timer_)
    wake();
}

void gateway_state::wake() {
  constexpr std::size_t batch_max = 1'000;
  const auto now = options.services->world->now();
  armed_.reset();
  auto due = options.services->journal->wakeups(now, batch_max);
  if (!due) {
    options.services->log(log_level::error,
                          "cannot read wake-ups: " + due.error().message);
    return;
  }
  std::size_t started = 0;
  for (auto& [moment, run_id] : *due) {
    if (live_.contains(run_id) || queued_.contains(run_id)
        || broken_.contains(run_id))
      continue;
    admit({std::move(run_id), nullptr, nullptr});
    ++started;
  }
  // Runs in memory keep their index row until they append.
  if (started == 0 && due->size() == batch_max)
    return arm(now + std::chrono::seconds{1});
  if (due->size() == batch_max) {
    self->send(self, wake_atom_v, ++timer_);
    return;
  }
  arm_next();
}

void gateway_state::arm_next() {
  const auto now = options.services->world->now();
  if (auto next = options.services->journal->next_wakeup(); next && *next)
    arm(std::max(**next, now + std::chrono::seconds{1}));
}

void gateway_state::arm(timestamp moment) {
  if (draining_ || (armed_ && *armed_ <= moment))
    return;
  armed_ = moment;
  const auto delay = std::max(moment - options.services->world->now(),
                              timestamp::duration::zero());
  self->delayed_send(self, delay, wake_atom_v, ++timer_);
}

void gateway_state::drain() {
  draining_ = true;
  queue_.clear();
  queued_.clear();
  for (auto& [run_id, run] : live_)
    self->send_exit(run.actor, caf::exit_reason::user_shutdown);
  live_.clear();
  watchers_.clear();
  report_health();
}

void gateway_state::report_health() {
  options.services->health->active_runs = live_.size();
  options.services->health->queued_runs = queue_.size();
}

gateway_actor::behavior_type
gateway(gateway_actor::stateful_pointer<gateway_state> self,
        gateway_options options) {
  self->state.options = std::move(options);
  self->set_down_handler(
    [self](const caf::down_msg& message) { self->state.drop(message.source); });
  return {
    [self](create_run& x) { self->state.create(x); },
    [self](cancel_run& x) { self->state.cancel(x); },
    [self](answer_question& x) { self->state.decide(x); },
    [self](watch_run& x) { self->state.watch(x); },
    [self](start_atom) { self->state.recover(); },
    [self](drain_atom) { self->state.drain(); },
    [self](run_left& x) { self->state.leave(x); },
    [self](append_done& x) { self->state.on(x); },
    [self](wake_atom, std::uint64_t timer) { self->state.wake(timer); },
  };
}

} // namespace perdure::actors

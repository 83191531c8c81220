#include "actors/runs/flow_run.hpp"

#include "actors/runs/summary.hpp"
#include "runtime/flow/views.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::timestamp;

namespace {

bool ends_run(const std::vector<runtime::entry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    return std::holds_alternative<runtime::run_ended>(entry);
  });
}

} // namespace

flow_run_state::flow_run_state(flow_run_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

flow_run_state::~flow_run_state() {
  // No one else would end them, and the actor system waits for all actors.
  stop_tasks();
  stop_feeds();
  leave_servers();
}

// -- life ---------------------------------------------------------------------

void flow_run_state::open() {
  cache_.emplace(options.services);
  for (const auto& watcher : options.watchers)
    self->monitor(watcher);
  if (options.created != nullptr) {
    run.emplace(options.definition, options.services->language.render);
    run->apply(*options.created);
    durable_ = 1;
    summary_ = summary_of(*options.created);
  } else if (!rehydrate()) {
    return;
  }
  if (run->ended) {
    finish();
    return;
  }
  const auto now = options.services->world->now();
  // So does what a server asked in the middle of a call, which is over now.
  const auto cut_off = options.taken_over || run->asks_at_work();
  if (cut_off && options.created == nullptr) {
    // It rests on nothing but that this actor is here, and can wait.
    unsaved_.emplace_back(runtime::run_taken_over{now});
    run->apply(unsaved_.back());
  }
  if (options.cancel)
    push({runtime::cancel_requested{now, *options.cancel}});
  else if (auto fate = recover(*run, now); !fate.empty())
    push(std::move(fate));
  else
    advance();
}

bool flow_run_state::rehydrate() {
  const auto& journal = *options.services->journal;
  auto summary = journal.summary(options.run_id);
  if (!summary) {
    abandon(summary.error().message);
    return false;
  }
  auto definition = options.services->agents->by_hash(summary->definition_hash);
  if (!definition) {
    abandon(definition.error().message);
    return false;
  }
  if (auto served = options.services->agents->check_served(**definition);
      !served && !options.cancel) {
    abandon(served.error().message);
    return false;
  }
  auto entries = journal.read(options.run_id);
  if (!entries) {
    abandon(entries.error().message);
    return false;
  }
  run.emplace(*definition, options.services->language.render);
  for (const auto& stored : *entries)
    run->apply(stored.value);
  durable_ = run->sequence();
  summary_ = std::move(*summary);
  return true;
}

void flow_run_state::advance() {
  start_feeds();
  // What to do next may rest only on what is durable.
  if (!pending_.empty())
    return;
  const auto now = options.services->world->now();
  // Handlers are told of what is durable only, and the run may wait for them.
  if (!unsaved_.empty() && run->handlers_behind()) {
    push({});
    return;
  }
  if (auto more = conclude(*run, now); !more.empty()) {
    push(std::move(more));
    return;
  }
  const auto commands = decide(*run, now);
  if (auto known = cached_outcomes(commands); !known.empty()) {
    push(std::move(known));
    return;
  }
  idle_until_.reset();
  for (const auto& command : commands) {
    // Time goes on in between, and a limit may end the run.
    if (run->ended)
      break;
    std::visit([this](const auto& x) { perform(x); }, command);
  }
  if (!pending_.empty())
    return;
  auto wake = idle_until_;
  if (const auto deadline = run->deadline())
    wake = std::min(wake.value_or(*deadline), *deadline);
  leave_if_idle();
  // Nothing may begin once the gateway was asked to forget this actor.
  set_timer(leaving_ ? std::nullopt : wake);
}

void flow_run_state::push(std::vector<runtime::entry> next,
                          question_listener listener) {
  const auto now = options.services->world->now();
  const auto first = run->sequence() + 1 - unsaved_.size();
  auto all = std::make_shared<std::vector<runtime::entry>>(
    std::exchange(unsaved_, {}));
  while (!next.empty()) {
    for (auto& entry : next) {
      run->apply(entry);
      all->push_back(std::move(entry));
    }
    next = conclude(*run, now);
  }
  if (run->ended)
    stop_tasks();
  else
    stop_samplings();
  append_request request;
  request.batch.run_id = options.run_id;
  request.batch.epoch = options.services->journal->epoch();
  request.batch.next_sequence = first;
  for (const auto& entry : *all) {
    request.batch.entries.push_back(storage::encode(entry));
    cache_->keep(entry, request.batch);
  }
  if (refresh_summary())
    request.batch.summary = summary_;
  request.listener = self;
  request.token = first;
  pending_.push_back({first, std::move(all), std::move(listener)});
  self->send(options.journal, std::move(request));
}

void flow_run_state::on(append_done& done) {
  if (done.outcome.code != errc::none) {
    // Another owner writes this run, or the store is broken: either way what
    // this actor believes is not what is on the disk.
    abandon(done.outcome.message);
    return;
  }
  const auto durable = std::move(pending_.front());
  pending_.pop_front();
  durable_ = durable.first + durable.entries->size() - 1;
  publish(durable);
  give_input(durable);
  if (durable.listener)
    self->send(durable.listener, question_settled{{errc::none, {}}});
  if (ends_run(*durable.entries))
    abandon_work(run->model_in_use(), run->model.note);
  if (is_over())
    finish();
  else
    advance();
}

void flow_run_state::finish() {
  if (!options.watchers.empty()) {
    const run_over over{runtime::to_text(runtime::run_json(*run))};
    for (const auto& watcher : options.watchers)
      self->send(watcher, over);
    options.watchers.clear();
  }
  set_timer(std::nullopt);
  start_feeds();
  if (run->handlers_behind())
    return; // it stays for them
  // It stays until the gateway lets it go: a watcher may be on its way.
  self->send(options.gateway, run_left{options.run_id, received_, true, {}});
}

bool flow_run_state::is_over() const {
  return run->ended && pending_.empty();
}

void flow_run_state::abandon(const std::string& reason) {
  stop_tasks();
  options.services->log(log_level::error,
                        "run " + options.run_id + " left memory: " + reason);
  for (const auto& watcher : options.watchers)
    self->send(watcher, run_over{});
  for (const auto& append : pending_)
    if (append.listener)
      self->send(append.listener,
                 question_settled{{errc::unavailable, reason}});
  self->send(options.gateway,
             run_left{options.run_id, received_, true, {}, true});
  self->quit();
}

void flow_run_state::leave_if_idle() {
  const auto park_after = options.services->runs.park_after;
  if (leaving_ || !running_.empty() || run->handlers_behind())
    return;
  // Without a time it waits for somebody, which may take months.
  if (idle_until_ ? *idle_until_ - options.services->world->now() < park_after
                  : run->status() != runtime::run_status::waiting)
    return;
  leaving_ = true;
  self->send(options.gateway,
             run_left{options.run_id, received_, false, options.watchers});
}

void flow_run_state::set_timer(std::optional<timestamp> moment) {
  if (moment == timer_at_)
    return;
  timer_at_ = moment;
  ++timer_;
  if (!moment)
    return;
  const auto delay = std::max(*moment - options.services->world->now(),
                              timestamp::duration::zero());
  self->delayed_send(self, delay, wake_atom_v, timer_);
}

void flow_run_state::wake(std::uint64_t timer) {
  if (timer != timer_)
    return;
  timer_at_.reset();
  advance();
}

bool flow_run_state::refresh_summary() {
  const auto status = run->status();
  auto reason = runtime::reason_of(*run);
  const auto wake_at = runtime::wake_time(*run);
  const auto questions = run->open_questions();
  // A run that is at work comes back anyway.
  const auto behind = (run->ended || status == runtime::run_status::waiting)
                      && run->handlers_behind();
  if (status == summary_.status && reason == summary_.reason
      && wake_at == summary_.wake_at && questions == summary_.open_questions
      && behind == summary_.handlers_behind)
    return false;
  if (status != summary_.status)
    summary_.status_since = run->last_time;
  summary_.status = status;
  summary_.reason = std::move(reason);
  summary_.wake_at = wake_at;
  summary_.open_questions = questions;
  summary_.handlers_behind = behind;
  return true;
}

flow_run_actor::behavior_type
flow_run(flow_run_actor::stateful_pointer<flow_run_state> self,
         flow_run_options options) {
  self->state.options = std::move(options);
  self->set_down_handler(
    [self](const caf::down_msg& gone) { self->state.on(gone); });
  self->state.open();
  return {
    [self](const cancel_run& x) { self->state.on(x); },
    [self](const answer_question& x) { self->state.on(x); },
    [self](watch_run& x) { self->state.watch(std::move(x.watcher)); },
    [self](leave_atom) { self->quit(); },
    [self](append_done& x) { self->state.on(x); },
    [self](task_ended& x) { self->state.on(x); },
    [self](const event_settled& x) { self->state.on(x); },
    [self](task_remembered& x) { self->state.on(x); },
    [self](input_wanted& x) { self->state.on(x); },
    [self](const response_grew& x) { self->state.on(x); },
    [self](wake_atom, std::uint64_t timer) { self->state.wake(timer); },
  };
}

} // namespace perdure::actors

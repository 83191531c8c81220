#include "actors/runs/flow_run.hpp"

#include "actors/runs/local_model_task.hpp"
#include "actors/runs/model_task.hpp"
#include "actors/runs/summary.hpp"
#include "actors/runs/tool_task.hpp"
#include "runtime/flow/views.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::task_kind;
using runtime::timestamp;

flow_run_state::flow_run_state(flow_run_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

flow_run_state::~flow_run_state() {
  // No one else would end them, and the actor system waits for all actors.
  stop_tasks();
}

// -- life ---------------------------------------------------------------------

void flow_run_state::open() {
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
  // What to do next may rest only on what is durable.
  if (!pending_.empty())
    return;
  const auto now = options.services->world->now();
  if (auto more = conclude(*run, now); !more.empty()) {
    push(std::move(more));
    return;
  }
  idle_until_.reset();
  for (const auto& command : decide(*run, now)) {
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

void flow_run_state::push(std::vector<runtime::entry> next) {
  const auto now = options.services->world->now();
  const auto first = run->sequence() + 1;
  auto all = std::make_shared<std::vector<runtime::entry>>();
  while (!next.empty()) {
    for (auto& entry : next) {
      run->apply(entry);
      all->push_back(std::move(entry));
    }
    next = conclude(*run, now);
  }
  if (run->ended)
    stop_tasks();
  append_request request;
  request.batch.run_id = options.run_id;
  request.batch.epoch = options.services->journal->epoch();
  request.batch.next_sequence = first;
  for (const auto& entry : *all)
    request.batch.entries.push_back(storage::encode(entry));
  if (refresh_summary())
    request.batch.summary = summary_;
  request.listener = self;
  request.token = first;
  pending_.push_back({first, std::move(all)});
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
  self->send(options.gateway,
             run_left{options.run_id, received_, true, {}, true});
  self->quit();
}

void flow_run_state::leave_if_idle() {
  const auto park_after = options.services->runs.park_after;
  if (leaving_ || !running_.empty() || !idle_until_
      || *idle_until_ - options.services->world->now() < park_after)
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

// -- tasks --------------------------------------------------------------------

void flow_run_state::perform(const runtime::wait_until& command) {
  idle_until_ = command.moment;
}

void flow_run_state::perform(const runtime::start_task& command) {
  if (running_.contains(command.task))
    return;
  if (command.intent_first) {
    push({runtime::task_started{options.services->world->now(), command.task,
                                command.attempt}});
    return;
  }
  if (command.task.kind == task_kind::model_request)
    start_model(command);
  else
    start_tool(command);
}

task_options flow_run_state::task(const runtime::start_task& command) const {
  return {options.services,
          self,
          command.task,
          command.attempt,
          run->idempotency_key(command.task),
          run->policy(command.task)};
}

void flow_run_state::start_model(const runtime::start_task& command) {
  const auto& definition = *run->definition;
  const auto& wanted = run->created.input.model;
  if (binding_ == nullptr) {
    auto bound = options.services->models->resolve(
      wanted.empty() ? definition.model : wanted);
    if (!bound)
      return fail_attempt(
        command, {bound.error().code, bound.error().message, false, {}, 0});
    binding_ = *bound;
  }
  if (binding_->local != nullptr) {
    auto answer = binding_->local->answer(
      {run->history, definition, static_cast<std::size_t>(run->used.requests),
       command.attempt});
    if (auto* failure = std::get_if<runtime::attempt_failure>(&answer))
      return fail_attempt(command, std::move(*failure));
    auto handle = self->spawn<caf::monitored>(
      local_model_task,
      local_model_task_options{
        task(command), std::move(std::get<runtime::local_answer>(answer))});
    running_[command.task]
      = {command.attempt, caf::actor_cast<caf::actor>(handle)};
    return;
  }
  if (conversation_ == nullptr)
    conversation_ = binding_->codec->converse(
      {binding_->identity, run->definition, binding_->provider.stream});
  for (; encoded_ < run->history.size(); ++encoded_)
    if (auto added = conversation_->add(*run->history[encoded_]); !added)
      return fail_attempt(
        command, {added.error().code, added.error().message, false, {}, 0});
  auto handle = self->spawn<caf::monitored>(
    model_task, model_task_options{task(command), binding_,
                                   conversation_->request(run->instructions)});
  running_[command.task]
    = {command.attempt, caf::actor_cast<caf::actor>(handle)};
}

void flow_run_state::start_tool(const runtime::start_task& command) {
  auto handle = self->spawn<caf::monitored>(
    tool_task, tool_task_options{task(command), run->definition,
                                 *run->calls[command.task.index].part,
                                 options.run_id, run->created.input.deps});
  running_[command.task]
    = {command.attempt, caf::actor_cast<caf::actor>(handle)};
}

void flow_run_state::fail_attempt(const runtime::start_task& command,
                                  runtime::attempt_failure reason) {
  const auto now = options.services->world->now();
  running_[command.task] = {command.attempt, {}};
  task_ended ended{{command.task, command.attempt, now, std::move(reason)}};
  on(ended);
}

void flow_run_state::on(task_ended& ended) {
  const auto found = running_.find(ended.report.task);
  if (found == running_.end() || found->second.attempt != ended.report.attempt)
    return; // of a task that was stopped
  running_.erase(found);
  auto& world = *options.services->world;
  push({settle(*run, std::move(ended.report), world.now(), world.random())});
}

void flow_run_state::stop_tasks() {
  for (auto& [task, running] : std::exchange(running_, {}))
    if (running.handle)
      caf::anon_send_exit(running.handle, caf::exit_reason::kill);
}

// -- people -------------------------------------------------------------------

void flow_run_state::on(const cancel_run& request) {
  ++received_;
  leaving_ = false;
  if (is_over())
    return finish();
  if (run->ended || run->cancelling)
    return;
  push({runtime::cancel_requested{options.services->world->now(),
                                  request.reason}});
}

void flow_run_state::watch(watcher_actor watcher) {
  ++received_;
  self->monitor(watcher);
  options.watchers.push_back(std::move(watcher));
  if (is_over())
    return finish();
  if (std::exchange(leaving_, false))
    advance(); // the gateway has not let it go
}

void flow_run_state::on(const caf::down_msg& gone) {
  std::erase_if(options.watchers, [&gone](const watcher_actor& x) {
    return x.address() == gone.source;
  });
  const auto crashed
    = std::find_if(running_.begin(), running_.end(), [&gone](const auto& x) {
        return x.second.handle && x.second.handle.address() == gone.source;
      });
  if (crashed == running_.end())
    return;
  // It went without a report.
  task_ended ended{{crashed->first, crashed->second.attempt,
                    options.services->world->now(),
                    runtime::attempt_failure{errc::internal,
                                             "the task's actor died: "
                                               + to_string(gone.reason),
                                             true,
                                             {},
                                             0}}};
  on(ended);
}

void flow_run_state::on(const response_grew& grew) {
  if (options.watchers.empty() || grew.step != run->step)
    return;
  const deltas_published message{durable_, grew.events,
                                 options.services->world->now()};
  for (const auto& watcher : options.watchers)
    self->send(watcher, message);
}

void flow_run_state::publish(const pending_append& durable) {
  if (options.watchers.empty())
    return;
  const entries_published message{durable.first, durable.entries};
  for (const auto& watcher : options.watchers)
    self->send(watcher, message);
}

bool flow_run_state::refresh_summary() {
  const auto status = run->status();
  auto reason = runtime::reason_of(*run);
  const auto wake_at = runtime::wake_time(*run);
  if (status == summary_.status && reason == summary_.reason
      && wake_at == summary_.wake_at)
    return false;
  if (status != summary_.status)
    summary_.status_since = run->last_time;
  summary_.status = status;
  summary_.reason = std::move(reason);
  summary_.wake_at = wake_at;
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
    [self](watch_run& x) { self->state.watch(std::move(x.watcher)); },
    [self](leave_atom) { self->quit(); },
    [self](append_done& x) { self->state.on(x); },
    [self](task_ended& x) { self->state.on(x); },
    [self](const response_grew& x) { self->state.on(x); },
    [self](wake_atom, std::uint64_t timer) { self->state.wake(timer); },
  };
}

} // namespace perdure::actors

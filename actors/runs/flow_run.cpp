#include "actors/runs/flow_run.hpp"

#include "actors/runs/local_model_task.hpp"
#include "actors/runs/model_task.hpp"
#include "actors/runs/output_task.hpp"
#include "actors/runs/provider_request.hpp"
#include "actors/runs/summary.hpp"
#include "actors/runs/tool_task.hpp"
#include "runtime/flow/answer.hpp"
#include "runtime/flow/barrier.hpp"
#include "runtime/flow/views.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::task_kind;
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

// -- tasks --------------------------------------------------------------------

void flow_run_state::perform(const runtime::wait_until& command) {
  idle_until_ = command.moment;
}

void flow_run_state::perform(const runtime::start_task& command) {
  if (running_.contains(command.task) || must_wait(command.task))
    return;
  if (command.intent_first) {
    push({runtime::task_started{options.services->world->now(), command.task,
                                command.attempt}});
    return;
  }
  switch (command.task.kind) {
    case task_kind::model_request:
      return start_model(command);
    case task_kind::tool_call:
      return run->calls[command.task.index].output ? start_output(command)
                                                   : start_call(command);
    case task_kind::mcp_request:
      return start_server_task(command);
    case task_kind::output:
      return start_output(command);
    case task_kind::event:
      break; // not the run's own
  }
}

bool flow_run_state::must_wait(const runtime::task_ref& task) const {
  if (task.kind != task_kind::tool_call)
    return false;
  std::vector<std::uint32_t> under_way;
  for (const auto& [other, running] : running_)
    if (other.kind == task_kind::tool_call)
      under_way.push_back(other.index);
  return !may_begin(*run->definition, run->calls, task.index, under_way);
}

std::vector<runtime::entry>
flow_run_state::cached_outcomes(const std::vector<runtime::command>& commands) {
  std::vector<runtime::entry> out;
  for (const auto& command : commands)
    if (const auto* start = std::get_if<runtime::start_task>(&command);
        start != nullptr && !running_.contains(start->task))
      if (auto known = cache_->find(*run, start->task))
        out.emplace_back(std::move(*known));
  return out;
}

task_options flow_run_state::task(const runtime::start_task& command) const {
  return {options.services,
          self,
          command.task,
          command.attempt,
          run->idempotency_key(command.task),
          run->policy(command.task),
          run->progress(command.task).note};
}

runtime::host_context
flow_run_state::host_context(const runtime::start_task& command) const {
  const auto& created = run->created;
  runtime::host_context out{options.run_id,
                            created.input.agent,
                            run->idempotency_key(command.task),
                            command.attempt,
                            run->output_retries,
                            created.input.deps,
                            created.input.metadata};
  if (command.task.kind == task_kind::tool_call)
    out.retry = run->retries_of(run->calls[command.task.index].part->tool_name);
  return out;
}

void flow_run_state::start_model(const runtime::start_task& command) {
  if (!models_)
    models_.emplace(options.services->models);
  auto prepared = models_->prepare(*run);
  if (!prepared)
    return fail_attempt(
      command, {prepared.error().code, prepared.error().message, false, {}, 0});
  auto& candidate = **prepared;
  if (candidate.conversation != nullptr)
    return spawn_task(
      command, model_task,
      model_task_options{task(command), candidate.binding,
                         candidate.conversation->request(run->instructions),
                         run->definition});
  auto answer = candidate.binding->local->answer(
    {run->history, *run->definition,
     static_cast<std::size_t>(run->used.requests), command.attempt});
  if (auto* failure = std::get_if<runtime::attempt_failure>(&answer))
    return fail_attempt(command, std::move(*failure));
  spawn_task(
    command, local_model_task,
    local_model_task_options{
      task(command), std::move(std::get<runtime::local_answer>(answer))});
}

void flow_run_state::start_call(const runtime::start_task& command) {
  const auto& call = run->calls[command.task.index];
  if (const auto* tool = run->definition->tool(call.part->tool_name);
      tool != nullptr && tool->kind == runtime::tool_kind::mcp)
    return start_server_task(command);
  spawn_task(command, tool_task,
             tool_task_options{task(command), run->definition,
                               runtime::effective_call(call),
                               host_context(command), call.progress.is_approved,
                               call.progress.approval_metadata});
}

void flow_run_state::start_output(const runtime::start_task& command) {
  const auto& output = run->definition->output;
  output_task_options settings{
    task(command), run->definition, {}, {}, {}, host_context(command)};
  if (command.task.kind == task_kind::tool_call) {
    const auto& call = run->calls[command.task.index];
    settings.call = *call.part;
    auto given = std::get<runtime::output_value>(
      read_output_call(output, *call.output, call.part->args));
    settings.value = std::move(given.value);
    settings.type = output.types[given.type].name;
  } else {
    auto given = std::get<runtime::answer>(
      read_answer(*run->definition, run->mode_in_use(), run->last_response()));
    settings.value = std::move(given.value);
    settings.type = std::move(given.type);
  }
  spawn_task(command, output_task, std::move(settings));
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
  const auto model = run->model_in_use();
  const auto is_model = ended.report.task.kind == task_kind::model_request;
  const auto note = is_model ? ended.report.note : runtime::json{};
  push(
    close_attempt(*run, std::move(ended.report), world.now(), world.random()));
  if (run->model.note.is_null())
    abandon_work(model, note); // no attempt follows that would ask for it
}

void flow_run_state::on(task_remembered& remark) {
  const auto found = running_.find(remark.task);
  if (found == running_.end() || found->second.attempt != remark.attempt) {
    // Of a task that was stopped.
    if (run->ended && remark.task.kind == task_kind::model_request)
      abandon_work(run->model_in_use(), remark.note);
    return;
  }
  push({runtime::task_noted{options.services->world->now(), remark.task,
                            remark.attempt, std::move(remark.note)}});
}

void flow_run_state::abandon_work(const std::string& model,
                                  const runtime::json& note) const {
  if (note.is_null())
    return;
  if (const auto binding = options.services->models->resolve(model))
    actors::abandon_work(*options.services, **binding,
                         run->definition->model_settings, note);
}

void flow_run_state::stop_tasks() {
  for (auto& [task, running] : std::exchange(running_, {}))
    if (running.handle)
      caf::anon_send_exit(running.handle, caf::exit_reason::kill);
}

void flow_run_state::on(const caf::down_msg& gone) {
  std::erase_if(options.watchers, [&gone](const watcher_actor& x) {
    return x.address() == gone.source;
  });
  const auto crashed
    = std::find_if(running_.begin(), running_.end(), [&gone](const auto& x) {
        return x.second.handle && x.second.handle.address() == gone.source;
      });
  if (crashed == running_.end()) {
    replace_feed(gone.source);
    return;
  }
  // It went without a report.
  task_ended ended{{crashed->first, crashed->second.attempt,
                    options.services->world->now(),
                    runtime::attempt_failure{errc::internal,
                                             "the task's actor died: "
                                               + to_string(gone.reason),
                                             true,
                                             {},
                                             0},
                    run->progress(crashed->first).note}};
  on(ended);
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

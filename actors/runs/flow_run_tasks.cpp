#include "actors/runs/flow_run.hpp"
#include "actors/runs/local_model_task.hpp"
#include "actors/runs/model_task.hpp"
#include "actors/runs/output_task.hpp"
#include "actors/runs/provider_request.hpp"
#include "actors/runs/tool_task.hpp"
#include "runtime/flow/answer.hpp"
#include "runtime/flow/barrier.hpp"

#include <algorithm>
#include <utility>

/// The tasks that a run has under way.
namespace perdure::actors {

using runtime::errc;
using runtime::task_kind;

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
    case task_kind::sampling:
      return start_sampling(command);
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
  ask_local(command, *candidate.binding->local,
            {run->history, *run->definition,
             static_cast<std::size_t>(run->used.requests), command.attempt});
}

void flow_run_state::ask_local(const runtime::start_task& command,
                               const runtime::local_model& model,
                               const runtime::local_request& request) {
  auto answer = model.answer(request);
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

} // namespace perdure::actors

#include "actors/runs/flow_run.hpp"
#include "actors/runs/mcp_task.hpp"
#include "actors/runs/model_task.hpp"
#include "runtime/flow/sampling.hpp"

#include <algorithm>
#include <utility>

/// What a run has its MCP servers do, and what they ask on the way.
namespace perdure::actors {

using runtime::task_kind;

namespace {

std::size_t position_of(const runtime::agent_definition& definition,
                        const std::string& id) {
  const auto& servers = definition.mcp_servers;
  const auto found
    = std::find_if(servers.begin(), servers.end(),
                   [&](const auto& server) { return server.id == id; });
  return static_cast<std::size_t>(found - servers.begin());
}

} // namespace

void flow_run_state::start_server_task(const runtime::start_task& command) {
  mcp_task_options settings{task(command)};
  settings.hub = options.mcp;
  settings.run_id = options.run_id;
  settings.definition = run->definition;
  settings.server = command.task.index;
  settings.elicited = run->progress(command.task).elicited;
  if (command.task.kind == task_kind::tool_call) {
    const auto& call = run->calls[command.task.index];
    const auto& tool = *run->definition->tool(call.part->tool_name);
    settings.call = runtime::effective_call(call);
    settings.server = position_of(*run->definition, tool.mcp.server);
  }
  spawn_task(command, mcp_task, std::move(settings));
}

void flow_run_state::start_sampling(const runtime::start_task& command) {
  const auto& request = run->samplings[command.task.index].request;
  const auto give_up = [&](const runtime::failure& reason) {
    fail_attempt(command, {reason.code, reason.message, false, {}, 0});
  };
  const auto plan = runtime::plan_sampling(*run->definition, request);
  if (!plan)
    return give_up(plan.error());
  const auto& server = run->definition->mcp_servers.at(
    position_of(*run->definition, request.at("server").get<std::string>()));
  const auto bound = options.services->models->resolve(
    server.sampling_model.empty() ? run->model_in_use()
                                  : server.sampling_model);
  if (!bound)
    return give_up(bound.error());
  const auto& binding = **bound;
  if (binding.local != nullptr)
    return ask_local(command, *binding.local,
                     {plan->messages, *plan->definition,
                      static_cast<std::size_t>(run->used.requests),
                      command.attempt});
  const auto conversation = binding.codec->converse(
    {binding.identity, plan->definition, binding.provider.stream,
     binding.profile, binding.provider.api_version});
  for (const auto& message : plan->messages)
    if (auto added = conversation->add(*message); !added)
      return give_up(added.error());
  spawn_task(command, model_task,
             model_task_options{task(command), *bound,
                                conversation->request(plan->instructions),
                                plan->definition});
}

void flow_run_state::stop_samplings() {
  std::erase_if(running_, [this](const auto& entry) {
    const auto& [task, running] = entry;
    if (task.kind != task_kind::sampling)
      return false;
    const auto is_wanted = task.step == run->step
                           && task.index < run->samplings.size()
                           && run->is_open(run->samplings[task.index]);
    if (!is_wanted && running.handle)
      caf::anon_send_exit(running.handle, caf::exit_reason::kill);
    return !is_wanted;
  });
}

void flow_run_state::leave_servers() {
  if (!run || !options.mcp)
    return;
  const auto& servers = run->definition->mcp_servers;
  if (std::any_of(servers.begin(), servers.end(), [](const auto& server) {
        return server.scope == runtime::mcp::connection_scope::per_run;
      }))
    caf::anon_send(options.mcp, mcp_run_left{options.run_id});
}

void flow_run_state::on(input_wanted& wish) {
  const auto found = running_.find(wish.task);
  if (found == running_.end() || found->second.attempt != wish.attempt)
    return; // of a task that was stopped
  const auto now = options.services->world->now();
  if (runtime::is_sampling(wish.question)) {
    const auto index = static_cast<std::uint32_t>(run->samplings.size());
    return push(
      {runtime::sampling_requested{now,
                                   {run->step, task_kind::sampling, index},
                                   wish.task.index,
                                   std::move(wish.question)}});
  }
  const auto& asked = run->progress(wish.task).question;
  if (!wish.question.is_null()) {
    auto question
      = run->question(wish.task, runtime::question_kind::elicitation, now);
    question.metadata = std::move(wish.question);
    question.attempt = wish.attempt;
    return push({std::move(question)});
  }
  if (!asked)
    return; // somebody was faster
  runtime::question_answered withdrawn;
  withdrawn.time = now;
  withdrawn.task = wish.task;
  withdrawn.number = run->progress(wish.task).questions;
  withdrawn.verdict = wish.verdict;
  withdrawn.message = wish.verdict == runtime::verdict::approved
                        ? "The server says that it is done."
                        : "The server does not want to know any more.";
  push({std::move(withdrawn)});
}

void flow_run_state::give_input(const pending_append& durable) {
  const auto give = [this](const runtime::task_ref& task, input_given input) {
    const auto found = running_.find(task);
    if (found != running_.end() && found->second.handle)
      caf::anon_send(found->second.handle, std::move(input));
  };
  for (const auto& entry : *durable.entries) {
    if (const auto* answer = std::get_if<runtime::question_answered>(&entry))
      give(answer->task, {answer->verdict, answer->arguments});
    const auto* done = std::get_if<runtime::task_completed>(&entry);
    if (done == nullptr || done->task.kind != task_kind::sampling
        || done->task.step != run->step
        || done->task.index >= run->samplings.size())
      continue;
    const auto& sampling = run->samplings[done->task.index];
    auto told = runtime::sampled_answer(sampling.request, done->outcome);
    give({run->step, task_kind::tool_call, sampling.call},
         {told.verdict, std::move(told.content)});
  }
}

} // namespace perdure::actors

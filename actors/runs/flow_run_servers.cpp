#include "actors/runs/flow_run.hpp"
#include "actors/runs/mcp_task.hpp"

#include <algorithm>
#include <utility>

/// What a run has its MCP servers do, and what they ask on the way.
namespace perdure::actors {

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
  if (command.task.kind == runtime::task_kind::tool_call) {
    const auto& call = run->calls[command.task.index];
    const auto& tool = *run->definition->tool(call.part->tool_name);
    settings.call = runtime::effective_call(call);
    settings.server = position_of(*run->definition, tool.mcp.server);
  }
  spawn_task(command, mcp_task, std::move(settings));
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
  for (const auto& entry : *durable.entries) {
    const auto* answer = std::get_if<runtime::question_answered>(&entry);
    if (answer == nullptr)
      continue;
    const auto found = running_.find(answer->task);
    if (found != running_.end() && found->second.handle)
      caf::anon_send(found->second.handle,
                     input_given{answer->verdict, answer->arguments});
  }
}

} // namespace perdure::actors

#include "actors/mcp/hub.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

namespace mcp = runtime::mcp;

namespace {

/// A server without what differs between those that call it.
std::string shape_of(mcp::server_options server) {
  const mcp::server_options plain;
  server.description = plain.description;
  server.prefix = plain.prefix;
  server.allowed_tools = plain.allowed_tools;
  server.on_tool_error = plain.on_tool_error;
  server.max_retries = plain.max_retries;
  server.include_instructions = plain.include_instructions;
  server.resources = plain.resources;
  server.prompts = plain.prompts;
  server.prefer_tasks = plain.prefer_tasks;
  server.sampling_model = plain.sampling_model;
  server.read_timeout = plain.read_timeout;
  server.call_timeout = plain.call_timeout;
  return runtime::to_text(mcp::to_json(server));
}

} // namespace

mcp_hub_state::mcp_hub_state(mcp_hub_actor::pointer self_ptr) : self(self_ptr) {
  // nop
}

mcp_hub_state::~mcp_hub_state() {
  for (const auto& [key, connection] : connections_)
    caf::anon_send_exit(connection.actor, caf::exit_reason::user_shutdown);
}

mcp_hub_state::key mcp_hub_state::key_of(const mcp_address& to) {
  const bool is_own = to.server->scope == mcp::connection_scope::per_run;
  return {shape_of(*to.server), is_own ? to.run_id : std::string{}};
}

void mcp_hub_state::call(mcp_call& request) {
  auto key = key_of(request.to);
  auto found = connections_.find(key);
  if (found == connections_.end()) {
    auto& verdict = verdicts_[key.first];
    if (!verdict)
      verdict = std::make_shared<mcp_verdict>(mcp::era::unknown);
    auto actor = self->spawn<caf::monitored>(
      mcp_connection,
      mcp_connection_options{world, request.to.server, key.second, verdict});
    found = connections_
              .emplace(std::move(key),
                       connection{std::move(actor), request.to.server->id})
              .first;
  }
  self->send(found->second.actor, std::move(request));
}

void mcp_hub_state::reply(mcp_reply& message) {
  const auto found = connections_.find(key_of(message.to));
  if (found != connections_.end())
    self->send(found->second.actor, std::move(message));
}

void mcp_hub_state::leave(const std::string& run_id) {
  if (run_id.empty())
    return;
  std::erase_if(connections_, [&](const auto& entry) {
    const bool is_meant = entry.first.second == run_id;
    if (is_meant)
      self->send_exit(entry.second.actor, caf::exit_reason::user_shutdown);
    return is_meant;
  });
}

void mcp_hub_state::forgive(const std::string& server_id) {
  for (const auto& [key, connection] : connections_)
    if (connection.server_id == server_id)
      self->send(connection.actor, forgive_atom_v);
}

void mcp_hub_state::drop(const caf::actor_addr& gone) {
  std::erase_if(connections_, [&](const auto& entry) {
    return entry.second.actor.address() == gone;
  });
}

mcp_hub_actor::behavior_type
mcp_hub(mcp_hub_actor::stateful_pointer<mcp_hub_state> self, mcp_world world) {
  self->state.world = std::move(world);
  self->set_down_handler(
    [self](const caf::down_msg& x) { self->state.drop(x.source); });
  return {
    [self](mcp_call& message) { self->state.call(message); },
    [self](mcp_reply& message) { self->state.reply(message); },
    [self](const mcp_run_left& message) { self->state.leave(message.run_id); },
    [self](forgive_atom, const std::string& server_id) {
      self->state.forgive(server_id);
    },
  };
}

} // namespace perdure::actors

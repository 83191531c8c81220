#include "tools/library/agent_parts.hpp"
#include "tools/library/convert.hpp"

#include <algorithm>

/// Tools of MCP servers.
namespace perdure {

namespace {

namespace mcp = runtime::mcp;

mcp::transport_kind transport_of(const mcp_server& server) {
  if (server.url.empty())
    return mcp::transport_kind::stdio;
  return server.url.ends_with("/sse") ? mcp::transport_kind::sse
                                      : mcp::transport_kind::http;
}

mcp::tool_error_behavior behavior_of(tool_error_behavior behavior) {
  switch (behavior) {
    case tool_error_behavior::retry:
      return mcp::tool_error_behavior::retry;
    case tool_error_behavior::failed:
      return mcp::tool_error_behavior::failed;
    case tool_error_behavior::error:
      return mcp::tool_error_behavior::error;
  }
  return mcp::tool_error_behavior::retry;
}

/// What is wrong with it; empty for nothing.
std::string problem_of(const mcp_server& server) {
  if (server.id.empty())
    return "needs an id";
  if (server.command.empty() == server.url.empty())
    return "is either a command or a url";
  if (server.url.empty() && !server.headers.empty())
    return "is a command and has no headers";
  if (server.init_timeout.count() <= 0 || server.read_timeout.count() <= 0)
    return "needs timeouts over 0";
  return {};
}

} // namespace

mcp::server_options library::to_runtime(mcp_server server) {
  const auto what = "MCP server '" + server.id + "'";
  if (const auto problem = problem_of(server); !problem.empty())
    throw error{"invalid_argument", what + ' ' + problem};
  mcp::server_options out;
  out.id = std::move(server.id);
  out.transport = transport_of(server);
  out.argv = std::move(server.command);
  out.env = std::move(server.env);
  out.cwd = std::move(server.cwd);
  out.url = std::move(server.url);
  out.headers = std::move(server.headers);
  out.prefix = std::move(server.prefix);
  out.allowed_tools = std::move(server.allowed_tools);
  out.on_tool_error = behavior_of(server.tool_error_behavior);
  out.max_retries = server.max_retries;
  out.include_instructions = server.include_instructions;
  out.resources = server.resources;
  out.prompts = server.prompts;
  out.prefer_tasks = server.prefer_tasks;
  out.sampling = server.sampling || !server.sampling_model.empty();
  out.sampling_model = server.sampling_model;
  if (server.per_run)
    out.scope = mcp::connection_scope::per_run;
  out.init_timeout = server.init_timeout;
  out.read_timeout = server.read_timeout;
  return out;
}

agent& agent::toolset(mcp_server server) {
  auto& servers = parts_->definition.mcp_servers;
  auto options = library::to_runtime(std::move(server));
  if (std::any_of(servers.begin(), servers.end(),
                  [&](const auto& x) { return x.id == options.id; }))
    throw error{"invalid_argument", "MCP server '" + options.id + "' of agent '"
                                      + name() + "' is there already"};
  servers.push_back(std::move(options));
  return *this;
}

} // namespace perdure

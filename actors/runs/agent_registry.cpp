#include "actors/runs/agent_registry.hpp"

#include "runtime/agent/definition_json.hpp"

#include <algorithm>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;

agent_registry::agent_registry(std::shared_ptr<storage::journal> journal,
                               runtime::schema_compiler compile)
  : journal_(std::move(journal)), compile_(std::move(compile)),
    toolsets_(std::make_shared<toolset_cache>(compile_)) {}

runtime::result<deployed_agent>
agent_registry::deploy(runtime::agent_definition definition,
                       runtime::host_code code) {
  const auto text = runtime::to_text(runtime::to_json(definition));
  deployed_agent agent;
  agent.hash = storage::hex(storage::hash_of(text));
  if (auto stored = journal_->put_definition(agent.hash, text); !stored)
    return stored.error();
  for (auto& tool : definition.tools)
    if (auto compiled = compile(tool.schema, tool.parameters,
                                "tool '" + tool.name + "' of agent '"
                                  + definition.name + "'");
        !compiled)
      return compiled.error();
  for (auto& type : definition.output.types)
    if (auto compiled = compile(type.schema, type.json_schema,
                                "output '" + type.name + "' of agent '"
                                  + definition.name + "'");
        !compiled)
      return compiled.error();
  definition.join = toolset_cache::joiner(toolsets_, agent.hash);
  agent.definition
    = std::make_shared<const runtime::agent_definition>(std::move(definition));
  const std::unique_lock lock{mutex_};
  const auto& name = agent.definition->name;
  by_name_.insert_or_assign(name, agent);
  by_hash_.insert_or_assign(agent.hash, agent.definition);
  code_.insert_or_assign(
    name, std::make_shared<const runtime::host_code>(std::move(code)));
  return agent;
}

runtime::result<deployed_agent>
agent_registry::find(const std::string& name) const {
  {
    const std::shared_lock lock{mutex_};
    if (const auto found = by_name_.find(name); found != by_name_.end())
      return found->second;
  }
  auto message = "there is no agent '" + name + "'; ";
  const auto agents = all();
  if (agents.empty())
    return failure{errc::unknown_agent,
                   message + "the node was started without agents (--agents)"};
  message += "this node has: ";
  for (const auto& agent : agents) {
    if (&agent != &agents.front())
      message += ", ";
    message += agent.definition->name;
  }
  return failure{errc::unknown_agent, std::move(message)};
}

runtime::result<runtime::definition_ptr>
agent_registry::by_hash(const std::string& hash) {
  {
    const std::shared_lock lock{mutex_};
    if (const auto found = by_hash_.find(hash); found != by_hash_.end())
      return found->second;
  }
  auto text = journal_->definition(hash);
  if (!text)
    return text.error();
  auto value = runtime::parse_json(*text);
  if (!value)
    return failure{errc::storage_corrupt,
                   "definition " + hash + ": " + value.error().message};
  auto definition = runtime::definition_from_json(
    *value, compile_, toolset_cache::joiner(toolsets_, hash));
  if (!definition)
    return definition.error();
  const std::unique_lock lock{mutex_};
  return by_hash_.emplace(hash, *definition).first->second;
}

std::shared_ptr<const runtime::host_code>
agent_registry::code(const std::string& agent) const {
  static const auto nothing = std::make_shared<const runtime::host_code>();
  const std::shared_lock lock{mutex_};
  const auto found = code_.find(agent);
  return found == code_.end() ? nothing : found->second;
}

runtime::result<runtime::unit> agent_registry::check_served(
  const runtime::agent_definition& definition) const {
  const std::shared_lock lock{mutex_};
  if (!definition.needs_host() || code_.contains(definition.name))
    return runtime::ok();
  return failure{errc::unavailable,
                 "agent '" + definition.name
                   + "' is a part of a program that this node is not; its "
                     "runs go on when that program opens the data directory"};
}

runtime::result<runtime::unit>
agent_registry::compile(runtime::schema_ptr& schema, const runtime::json& text,
                        const std::string& what) const {
  if (schema || !compile_)
    return runtime::ok();
  auto compiled = compile_(text);
  if (!compiled)
    return failure{compiled.error().code,
                   what + ": " + compiled.error().message};
  schema = std::move(*compiled);
  return runtime::ok();
}

std::vector<deployed_agent> agent_registry::all() const {
  std::vector<deployed_agent> out;
  {
    const std::shared_lock lock{mutex_};
    for (const auto& [name, agent] : by_name_)
      out.push_back(agent);
  }
  std::sort(out.begin(), out.end(), [](const auto& left, const auto& right) {
    return left.definition->name < right.definition->name;
  });
  return out;
}

} // namespace perdure::actors

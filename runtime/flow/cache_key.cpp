#include "runtime/flow/cache_key.hpp"

#include "runtime/messages/history_json.hpp"
#include "runtime/messages/model_text.hpp"
#include "runtime/models/profile.hpp"
#include "runtime/models/request_plan.hpp"
#include "runtime/policy/canonical_text.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

/// Ids of calls that a provider left out begin so.
constexpr std::string_view made_up_prefix = "pyd_ai_";

bool leaves_out(const cache_policy& policy, std::string_view name) {
  return std::find(policy.exclude.begin(), policy.exclude.end(), name)
         != policy.exclude.end();
}

json* member(json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array() || key.empty() || key.size() > 9
      || key.find_first_not_of("0123456789") != std::string::npos)
    return nullptr;
  const auto index = std::stoul(key);
  return index < value.size() ? &value[index] : nullptr;
}

/// Takes out of `value` what the policy names.
json without_excluded(json value, const cache_policy& policy) {
  for (const auto& name : policy.exclude) {
    const auto keys = keys_of_pointer(name);
    if (!keys)
      continue;
    auto* at = &value;
    for (std::size_t i = 0; at != nullptr && i + 1 < keys->size(); ++i)
      at = member(*at, (*keys)[i]);
    if (at == nullptr)
      continue;
    if (at->is_object())
      at->erase(keys->back());
    else if (auto* item = member(*at, keys->back()))
      *item = nullptr; // the others keep their places
  }
  return value;
}

/// The outcome is found by these runs alone.
json scope_of(const run_state& state, const cache_policy& policy) {
  switch (policy.scope) {
    case cache_scope::definition:
      return {"definition", state.created.definition_hash};
    case cache_scope::agent:
      return {"agent", state.created.input.agent};
    case cache_scope::all:
      break;
  }
  return {"all"};
}

std::string call_text(const run_state& state, const task_ref& task) {
  const auto policy = state.policy(task).cache;
  const auto call = effective_call(state.calls.at(task.index));
  const auto& tool = *state.definition->tool(call.tool_name);
  const auto text = arguments_text(call);
  auto arguments = parse_json(text);
  json inputs{
    {"kind", "tool call"},
    {"scope", scope_of(state, policy)},
    {"tool", tool.name},
    {"parameters", tool.parameters},
    {"arguments",
     without_excluded(arguments ? std::move(*arguments) : json(text), policy)}};
  if (tool.kind == tool_kind::command)
    inputs["command"] = {{"argv", tool.command.argv},
                         {"env", tool.command.env},
                         {"cwd", tool.command.cwd}};
  // Two servers may have tools of one name.
  if (tool.kind == tool_kind::mcp)
    for (const auto& server : state.definition->mcp_servers)
      if (server.id == tool.mcp.server)
        inputs["server"] = {tool.mcp.name, mcp::to_json(server)};
  if (!leaves_out(policy, "deps"))
    inputs["deps"] = state.created.input.deps;
  if (!leaves_out(policy, "metadata"))
    inputs["metadata"] = state.created.input.metadata;
  std::string out;
  add_canonical(out, inputs);
  return out;
}

json describe(const std::vector<wire_tool>& tools) {
  auto out = json::array();
  for (const auto& tool : tools) {
    out.push_back({tool.name, tool.description, tool.parameters,
                   tool.strict ? json(*tool.strict) : json()});
    if (!tool.returns.is_null())
      out.back().push_back(tool.returns);
  }
  return out;
}

json describe(const std::optional<output_format>& format) {
  if (!format)
    return nullptr;
  return {format->name, format->description, format->schema,
          format->strict ? json(*format->strict) : json()};
}

/// What a model request says besides its messages.
json frame_of(const run_state& state) {
  const auto& definition = *state.definition;
  const auto& policy = definition.model_policy.cache;
  const auto plan
    = plan_requests(definition, profile_of_model(state.model_in_use()));
  json out{{"kind", "model request"},
           {"scope", scope_of(state, policy)},
           {"model", state.model_in_use()},
           {"instructions", state.instructions},
           {"tools", describe(plan.tools)},
           {"choice", static_cast<int>(plan.choice)},
           {"mode", to_string(plan.mode)},
           {"format", describe(plan.format)},
           {"any_object", plan.any_object},
           {"output_instructions", plan.instructions}};
  if (!definition.native_tools.empty())
    out["native_tools"] = to_json(definition.native_tools);
  if (definition.output.allow_image)
    out["image"] = true;
  if (!leaves_out(policy, "model_settings"))
    out["settings"] = without_excluded(definition.model_settings, policy);
  return out;
}

} // namespace

std::string cache_keys::of(const run_state& state, const task_ref& task) {
  return task.kind == task_kind::model_request
           ? model_key(state)
           : digest_(call_text(state, task));
}

std::string cache_keys::model_key(const run_state& state) {
  for (; hashed_ < state.history.size(); ++hashed_)
    chain_ = digest_(chain_ + canonical(*state.history[hashed_]));
  return digest_(frame(state) + chain_);
}

const std::string& cache_keys::frame(const run_state& state) {
  auto& text = frames_[state.fallback];
  if (text.empty()) {
    add_canonical(text, frame_of(state));
    text = digest_(text);
  }
  return text;
}

std::string cache_keys::canonical(const message& value) {
  auto object = to_json(value, json_style::compact);
  for (const auto* key : {"timestamp", "run_id", "conversation_id", "usage",
                          "metadata", "instructions", "provider_response_id"})
    object.erase(key);
  for (auto& part : object["parts"]) {
    if (!part.is_object())
      continue;
    part.erase("timestamp");
    part.erase("metadata");
    normalise_id(part);
  }
  std::string out;
  add_canonical(out, object);
  return out;
}

void cache_keys::normalise_id(json& part) {
  const auto id = part.find("tool_call_id");
  if (id == part.end() || !id->is_string()
      || !id->get_ref<const std::string&>().starts_with(made_up_prefix))
    return;
  const auto number
    = made_up_ids_.emplace(id->get<std::string>(), made_up_ids_.size());
  *id = number.first->second;
}

} // namespace perdure::runtime

#include "runtime/agent/definition_json.hpp"

#include "runtime/agent/output_json.hpp"
#include "runtime/agent/tool_json.hpp"

namespace perdure::runtime {

namespace {

// -- writing ------------------------------------------------------------------

json write(const std::vector<instruction>& values) {
  auto result = json::array();
  for (const auto& [text, is_template] : values) {
    if (is_template)
      result.push_back(json::object({{"template", text}}));
    else
      result.push_back(text);
  }
  return result;
}

void add_mcp(json& out, const agent_definition& definition) {
  auto servers = json::array();
  for (const auto& server : definition.mcp_servers)
    servers.push_back(mcp::to_json(server));
  add_if_any(out, "mcp_servers", std::move(servers));
  auto rules = json::array();
  for (const auto& rule : definition.tool_rules)
    rules.push_back(to_json(rule));
  add_if_any(out, "tool_rules", std::move(rules));
  add_if_any(out, "mcp_policy",
             without_defaults(to_json(definition.mcp_policy),
                              to_json(default_mcp_policy())));
}

// -- reading ------------------------------------------------------------------

usage_limits read_limits(field_reader& in) {
  const auto value = in.object("limits");
  if (value.is_null())
    return {};
  auto limits
    = usage_limits_from_json(known_keys(value, to_json(usage_limits{})), {});
  if (limits)
    return *limits;
  in.fail("limits", limits.error().message);
  return {};
}

std::vector<instruction> read_instructions(field_reader& in) {
  std::vector<instruction> result;
  const auto* items = in.array("instructions");
  if (items == nullptr)
    return result;
  for (const auto& item : *items) {
    if (item.is_string()) {
      result.push_back({item.get<std::string>(), false});
    } else if (item.is_object() && item.contains("template")
               && item["template"].is_string()) {
      result.push_back({item["template"].get<std::string>(), true});
    } else {
      in.fail("instructions", "must hold strings and templates");
    }
  }
  return result;
}

std::vector<event_handler>
read_handlers(field_reader& in, definition_context& ctx) {
  std::vector<event_handler> result;
  const auto* items = in.array("handlers");
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i)
    result.push_back(read_event_handler(
      (*items)[i], in.place("handlers") + '[' + std::to_string(i) + ']',
      ctx.problem));
  return result;
}

void read_mcp(field_reader& in, agent_definition& definition,
              definition_context& ctx) {
  const auto place = [&](std::string_view key, std::size_t i) {
    return in.place(key) + '[' + std::to_string(i) + ']';
  };
  if (const auto* items = in.array("mcp_servers"))
    for (const auto& item : *items)
      definition.mcp_servers.push_back(mcp::read_server_options(
        item, place("mcp_servers", definition.mcp_servers.size()),
        ctx.problem));
  if (const auto* items = in.array("tool_rules"))
    for (const auto& item : *items)
      definition.tool_rules.push_back(read_tool_rule(
        item, place("tool_rules", definition.tool_rules.size()), ctx));
  definition.mcp_policy = read_policy(in, "mcp_policy", default_mcp_policy());
}

std::vector<native_tool> read_native_tools(field_reader& in) {
  std::vector<native_tool> result;
  const auto* items = in.array("native_tools");
  if (items == nullptr)
    return result;
  for (const auto& item : *items) {
    const auto kind = item.is_object() ? item.value("kind", std::string{}) : "";
    if (kind.empty()) {
      in.fail("native_tools", "must hold objects with a kind");
      return result;
    }
    native_tool tool{kind, item.value("optional", false), item};
    tool.options.erase("kind");
    tool.options.erase("optional");
    result.push_back(std::move(tool));
  }
  return result;
}

std::vector<tool_definition>
read_tools(field_reader& in, definition_context& ctx) {
  std::vector<tool_definition> result;
  const auto* items = in.array("tools");
  if (items == nullptr)
    return result;
  for (std::size_t i = 0; i < items->size() && ctx.problem.empty(); ++i)
    result.push_back(read_tool_definition(
      (*items)[i], in.place("tools") + '[' + std::to_string(i) + ']', ctx));
  return result;
}

} // namespace

json to_json(const agent_definition& definition) {
  const agent_definition normal;
  auto result = json::object();
  result["name"] = definition.name;
  add_text(result, "description", definition.description);
  result["model"] = definition.model;
  add_if_any(result, "fallback_models", definition.fallback_models);
  add_if_any(result, "instructions", write(definition.instructions));
  add_if_any(result, "model_settings", definition.model_settings);
  auto tools = json::array();
  for (const auto& tool : definition.tools)
    tools.push_back(to_json(tool));
  add_if_any(result, "tools", std::move(tools));
  add_if_any(result, "native_tools", to_json(definition.native_tools));
  add_unless(result, "tool_retries", definition.tool_retries,
             normal.tool_retries);
  add_unless(result, "output_retries", definition.output_retries,
             normal.output_retries);
  add_if_any(result, "output", to_json(definition.output));
  if (definition.end_strategy != normal.end_strategy)
    result["end_strategy"] = to_string(definition.end_strategy);
  add_unless(result, "ends_when_deferred", definition.ends_when_deferred,
             false);
  add_unless(result, "fails_when_filtered", definition.fails_when_filtered,
             false);
  add_unless(result, "drops_system_prompts", definition.drops_system_prompts,
             false);
  add_if_any(
    result, "limits",
    without_defaults(to_json(definition.limits), to_json(usage_limits{})));
  add_if_any(result, "model_policy",
             without_defaults(to_json(definition.model_policy),
                              to_json(default_model_policy())));
  auto handlers = json::array();
  for (const auto& handler : definition.handlers)
    handlers.push_back(to_json(handler));
  add_if_any(result, "handlers", std::move(handlers));
  add_mcp(result, definition);
  if (!definition.metadata.is_null())
    result["metadata"] = definition.metadata;
  return result;
}

result<definition_ptr>
definition_from_json(const json& value, const schema_compiler& compile,
                     toolset_joiner join) {
  definition_context ctx{{}, std::nullopt, compile};
  field_reader in{value, "definition", ctx.problem};
  auto definition = std::make_shared<agent_definition>();
  definition->name = in.required_text("name");
  definition->description = in.text("description");
  definition->model = in.required_text("model");
  definition->fallback_models = in.texts("fallback_models");
  definition->instructions = read_instructions(in);
  definition->model_settings = in.object("model_settings");
  definition->tools = read_tools(in, ctx);
  definition->native_tools = read_native_tools(in);
  definition->tool_retries = read_u32(in, "tool_retries").value_or(1);
  definition->output_retries = read_u32(in, "output_retries").value_or(1);
  if (const auto* output = in.find("output"))
    definition->output
      = read_output_definition(*output, in.place("output"), ctx);
  definition->end_strategy = static_cast<end_strategy>(
    in.choice("end_strategy", {"graceful", "early", "exhaustive"}));
  definition->ends_when_deferred = in.flag("ends_when_deferred", false);
  definition->fails_when_filtered = in.flag("fails_when_filtered", false);
  definition->drops_system_prompts = in.flag("drops_system_prompts", false);
  definition->limits = read_limits(in);
  definition->model_policy
    = read_policy(in, "model_policy", default_model_policy());
  definition->handlers = read_handlers(in, ctx);
  read_mcp(in, *definition, ctx);
  definition->metadata = in.any("metadata");
  definition->join = std::move(join);
  if (!ctx.problem.empty())
    return failure{errc::storage_corrupt, std::move(ctx.problem)};
  if (ctx.schema_failure)
    return std::move(*ctx.schema_failure);
  return definition_ptr{std::move(definition)};
}

} // namespace perdure::runtime

#include "runtime/agent/definition_json.hpp"

#include "runtime/field_reader.hpp"

#include <limits>

namespace perdure::runtime {

namespace {

/// Leaves out what is the same in `defaults`; both have the same keys.
json without_defaults(const json& value, const json& defaults) {
  auto result = json::object();
  for (const auto& [key, content] : value.items())
    if (content != defaults.at(key))
      result[key] = content;
  return result;
}

/// Leaves out what `model` does not have: keys of a newer version.
json known_keys(const json& value, const json& model) {
  auto result = json::object();
  for (const auto& [key, content] : value.items())
    if (model.contains(key))
      result[key] = content;
  return result;
}

/// Adds `value` unless it is empty or null.
void add(json& out, const char* key, json value) {
  if (!value.is_null() && !value.empty())
    out[key] = std::move(value);
}

void add_text(json& out, const char* key, const std::string& value) {
  if (!value.empty())
    out[key] = value;
}

template <class T>
void add_unless(json& out, const char* key, const T& value, const T& normal) {
  if (value != normal)
    out[key] = value;
}

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

std::string_view name_of(tool_kind kind) {
  switch (kind) {
    case tool_kind::function:
      return "function";
    case tool_kind::command:
      return "command";
    case tool_kind::external:
      return "external";
    case tool_kind::mcp:
      return "mcp"; // never stored
  }
  return "function";
}

json write(const output_type& type) {
  auto result = json::object();
  add_text(result, "name", type.name);
  add_text(result, "description", type.description);
  result["schema"] = type.json_schema;
  if (type.strict)
    result["strict"] = *type.strict;
  add_unless(result, "has_function", type.has_function, false);
  return result;
}

json write(const output_definition& output) {
  auto result = json::object();
  if (output.mode != output_mode::automatic)
    result["mode"] = to_string(output.mode);
  auto types = json::array();
  for (const auto& type : output.types)
    types.push_back(write(type));
  add(result, "types", std::move(types));
  add_unless(result, "allow_text", output.allow_text, false);
  add_unless(result, "allow_null", output.allow_null, false);
  add_text(result, "prompt_template", output.prompt_template);
  add_unless(result, "has_validator", output.has_validator, false);
  return result;
}

json write(const tool_rule& rule) {
  auto result = json::object();
  if (rule.selector != "all")
    result["tools"] = rule.selector;
  add(result, "metadata", rule.metadata);
  add_unless(result, "requires_approval", rule.requires_approval, false);
  if (rule.expires_after)
    result["expires_after_seconds"] = to_seconds(*rule.expires_after);
  if (rule.on_expiry == on_expiry::fail)
    result["on_expiry"] = "fail";
  add(result, "policy", rule.policy);
  return result;
}

json write(const tool_definition& tool) {
  const tool_definition normal;
  auto result = json::object();
  result["name"] = tool.name;
  add_text(result, "description", tool.description);
  if (tool.kind != normal.kind)
    result["kind"] = name_of(tool.kind);
  if (tool.parameters != normal.parameters)
    result["parameters"] = tool.parameters;
  add_unless(result, "sequential", tool.sequential, normal.sequential);
  if (tool.timeout)
    result["timeout_seconds"] = to_seconds(*tool.timeout);
  if (tool.max_retries)
    result["max_retries"] = *tool.max_retries;
  if (tool.strict)
    result["strict"] = *tool.strict;
  add_unless(result, "requires_approval", tool.requires_approval, false);
  if (tool.expires_after)
    result["expires_after_seconds"] = to_seconds(*tool.expires_after);
  if (tool.on_expiry == on_expiry::fail)
    result["on_expiry"] = "fail";
  if (!tool.metadata.is_null())
    result["metadata"] = tool.metadata;
  add(result, "command", to_json(tool.command));
  add(result, "policy",
      without_defaults(to_json(tool.policy), to_json(default_tool_policy())));
  add_unless(result, "is_task", tool.is_task, normal.is_task);
  return result;
}

void add_mcp(json& out, const agent_definition& definition) {
  auto servers = json::array();
  for (const auto& server : definition.mcp_servers)
    servers.push_back(mcp::to_json(server));
  add(out, "mcp_servers", std::move(servers));
  auto rules = json::array();
  for (const auto& rule : definition.tool_rules)
    rules.push_back(write(rule));
  add(out, "tool_rules", std::move(rules));
  add(out, "mcp_policy",
      without_defaults(to_json(definition.mcp_policy),
                       to_json(default_mcp_policy())));
}

// -- reading ------------------------------------------------------------------

/// What reading a definition needs everywhere.
struct context {
  std::string problem;
  /// Set when a schema does not compile.
  std::optional<failure> schema_failure;
  const schema_compiler& compile;
};

std::optional<std::uint32_t> read_u32(field_reader& in, std::string_view key) {
  const auto value = in.count(key);
  if (!value)
    return std::nullopt;
  if (*value > std::numeric_limits<std::uint32_t>::max()) {
    in.fail(key, "is too large");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*value);
}

task_policy
read_policy(field_reader& in, std::string_view key, const task_policy& normal) {
  const auto value = in.object(key);
  if (value.is_null())
    return normal;
  auto policy
    = task_policy_from_json(known_keys(value, to_json(normal)), normal);
  if (policy)
    return std::move(*policy);
  in.fail(key, policy.error().message);
  return normal;
}

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

/// @param what names the schema's owner
schema_ptr
compile_schema(const json& schema, const std::string& what, context& ctx) {
  if (!ctx.compile || ctx.schema_failure || !ctx.problem.empty())
    return nullptr;
  auto compiled = ctx.compile(schema);
  if (compiled)
    return std::move(*compiled);
  ctx.schema_failure
    = failure{compiled.error().code, what + ": " + compiled.error().message};
  return nullptr;
}

std::optional<bool> read_optional_flag(field_reader& in, std::string_view key) {
  if (in.find(key) == nullptr)
    return std::nullopt;
  return in.flag(key, false);
}

tool_definition read_tool(const json& value, std::string place, context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  tool_definition result;
  result.name = in.required_text("name");
  result.description = in.text("description");
  // The names are in the order of the enum.
  result.kind = static_cast<tool_kind>(
    in.choice("kind", {"function", "command", "external"}));
  // A schema may also be `true` or `false`.
  if (const auto* parameters = in.find("parameters"))
    result.parameters = *parameters;
  result.sequential = in.flag("sequential", false);
  result.timeout = in.duration("timeout_seconds");
  result.max_retries = read_u32(in, "max_retries");
  result.strict = read_optional_flag(in, "strict");
  result.requires_approval = in.flag("requires_approval", false);
  result.expires_after = in.duration("expires_after_seconds");
  result.on_expiry
    = static_cast<on_expiry>(in.choice("on_expiry", {"deny", "fail"}));
  result.metadata = in.any("metadata");
  if (const auto* command = in.find("command"))
    result.command
      = read_command_tool(*command, in.place("command"), ctx.problem);
  result.policy = read_policy(in, "policy", default_tool_policy());
  result.is_task = in.flag("is_task", true);
  result.schema
    = compile_schema(result.parameters, "tool \"" + result.name + '"', ctx);
  return result;
}

tool_rule read_rule(const json& value, std::string place, context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  tool_rule result;
  if (const auto* selector = in.find("tools"))
    result.selector = *selector;
  result.metadata = in.object("metadata");
  result.requires_approval = in.flag("requires_approval", false);
  result.expires_after = in.duration("expires_after_seconds");
  result.on_expiry
    = static_cast<on_expiry>(in.choice("on_expiry", {"deny", "fail"}));
  result.policy = in.object("policy");
  return result;
}

output_type
read_output_type(const json& value, std::string place, context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  output_type result;
  result.name = in.text("name");
  result.description = in.text("description");
  if (const auto* schema = in.find("schema"))
    result.json_schema = *schema;
  result.strict = read_optional_flag(in, "strict");
  result.has_function = in.flag("has_function", false);
  result.schema
    = compile_schema(result.json_schema, "output \"" + result.name + '"', ctx);
  return result;
}

output_definition
read_output(const json& value, std::string place, context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  output_definition result;
  // The names are in the order of the enum.
  result.mode = static_cast<output_mode>(
    in.choice("mode", {"auto", "tool", "native", "prompted"}));
  if (const auto* items = in.array("types"))
    for (std::size_t i = 0; i < items->size() && ctx.problem.empty(); ++i)
      result.types.push_back(read_output_type(
        (*items)[i], in.place("types") + '[' + std::to_string(i) + ']', ctx));
  result.allow_text = in.flag("allow_text", false);
  result.allow_null = in.flag("allow_null", false);
  result.prompt_template = in.text("prompt_template");
  result.has_validator = in.flag("has_validator", false);
  return result;
}

std::vector<event_handler> read_handlers(field_reader& in, context& ctx) {
  std::vector<event_handler> result;
  const auto* items = in.array("handlers");
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i)
    result.push_back(read_event_handler(
      (*items)[i], in.place("handlers") + '[' + std::to_string(i) + ']',
      ctx.problem));
  return result;
}

void read_mcp(field_reader& in, agent_definition& definition, context& ctx) {
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
      definition.tool_rules.push_back(read_rule(
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

std::vector<tool_definition> read_tools(field_reader& in, context& ctx) {
  std::vector<tool_definition> result;
  const auto* items = in.array("tools");
  if (items == nullptr)
    return result;
  for (std::size_t i = 0; i < items->size() && ctx.problem.empty(); ++i)
    result.push_back(read_tool(
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
  add(result, "fallback_models", definition.fallback_models);
  add(result, "instructions", write(definition.instructions));
  add(result, "model_settings", definition.model_settings);
  auto tools = json::array();
  for (const auto& tool : definition.tools)
    tools.push_back(write(tool));
  add(result, "tools", std::move(tools));
  add(result, "native_tools", to_json(definition.native_tools));
  add_unless(result, "tool_retries", definition.tool_retries,
             normal.tool_retries);
  add_unless(result, "output_retries", definition.output_retries,
             normal.output_retries);
  add(result, "output", write(definition.output));
  if (definition.end_strategy != normal.end_strategy)
    result["end_strategy"] = to_string(definition.end_strategy);
  add_unless(result, "ends_when_deferred", definition.ends_when_deferred,
             false);
  add(result, "limits",
      without_defaults(to_json(definition.limits), to_json(usage_limits{})));
  add(result, "model_policy",
      without_defaults(to_json(definition.model_policy),
                       to_json(default_model_policy())));
  auto handlers = json::array();
  for (const auto& handler : definition.handlers)
    handlers.push_back(to_json(handler));
  add(result, "handlers", std::move(handlers));
  add_mcp(result, definition);
  if (!definition.metadata.is_null())
    result["metadata"] = definition.metadata;
  return result;
}

result<definition_ptr>
definition_from_json(const json& value, const schema_compiler& compile,
                     toolset_joiner join) {
  context ctx{{}, std::nullopt, compile};
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
    definition->output = read_output(*output, in.place("output"), ctx);
  definition->end_strategy = static_cast<end_strategy>(
    in.choice("end_strategy", {"graceful", "early", "exhaustive"}));
  definition->ends_when_deferred = in.flag("ends_when_deferred", false);
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

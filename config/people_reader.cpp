#include "config/capability_reader.hpp"
#include "config/tool_reader.hpp"

namespace perdure::config {

namespace {

/// How long a person has, and what then.
struct expiry {
  std::optional<std::chrono::milliseconds> after;
  runtime::on_expiry then = runtime::on_expiry::deny;
};

expiry read_expiry(const field_reader& fields) {
  expiry out;
  out.after = fields.seconds("expires_after_seconds");
  const auto then = fields.choice("on_expiry", {"deny", "fail"});
  if (then && !fields.find("expires_after_seconds"))
    fields.add(*fields.find("on_expiry"),
               "says what happens after expires_after_seconds, which is "
               "missing");
  if (then == "fail")
    out.then = runtime::on_expiry::fail;
  return out;
}

} // namespace

void read_approval(const file_place& place, const reading& with,
                   agent_draft& draft) {
  const field_reader fields{
    place, with, {"tools", "expires_after_seconds", "on_expiry"}};
  const auto given = read_expiry(fields);
  const auto selector = fields.find("tools");
  const auto tools
    = selector ? select_tools(*selector, with, draft) : all_tools(draft);
  for (auto* tool : tools) {
    tool->requires_approval = true;
    // An external tool may have said how long its result may take.
    if (!given.after)
      continue;
    tool->expires_after = given.after;
    tool->on_expiry = given.then;
  }
  runtime::tool_rule rule;
  rule.requires_approval = true;
  rule.expires_after = given.after;
  rule.on_expiry = given.then;
  add_tool_rule(draft,
                selector ? to_json(*selector, with) : runtime::json("all"),
                std::move(rule));
  if (tools.empty() && draft.definition.mcp_servers.empty())
    with.problems.warn(place.node->position, place.path,
                       "has no effect: there is no such tool");
}

void read_external(const file_place& place, const reading& with,
                   agent_draft& draft) {
  const field_reader fields{place,
                            with,
                            {"name", "description", "parameters",
                             "return_schema", "expires_after_seconds",
                             "on_expiry"}};
  runtime::tool_definition tool;
  tool.kind = runtime::tool_kind::external;
  read_tool_name(fields, draft, tool);
  tool.description = fields.text("description").value_or("");
  read_tool_parameters(fields, with, tool);
  const auto given = read_expiry(fields);
  tool.expires_after = given.after;
  tool.on_expiry = given.then;
  tool.policy = runtime::default_tool_policy();
  draft.definition.tools.push_back(std::move(tool));
}

void read_deferred(const file_place& place, bool is_positional,
                   const reading& with, agent_draft& draft) {
  auto value = std::optional{place};
  if (!is_positional)
    value = field_reader{place, with, {"run"}}.find("run");
  const auto text = value ? read_text(*value, with) : std::nullopt;
  if (value && !text)
    return;
  if (text != "ends" && text != "waits")
    return with.problems.add(
      value.value_or(place).node->position, value.value_or(place).path,
      "must be waits (the default: the run waits for a person) or ends (its "
      "output is the list of calls that are left)");
  draft.definition.ends_when_deferred = text == "ends";
}

void read_fallback(const file_place& place, const reading& with,
                   agent_draft& draft) {
  const field_reader fields{place, with, {"models"}};
  const auto list = fields.find("models");
  if (!list)
    return fields.add("'models' is missing");
  if (list->node->type != document::kind::array || list->node->items.empty())
    return fields.add(*list, "must be a list of models, such as openai:gpt-5");
  for (std::size_t i = 0; i < list->node->items.size(); ++i)
    if (auto model = read_model_name(list->at(i), with, draft))
      draft.definition.fallback_models.push_back(std::move(*model));
}

} // namespace perdure::config

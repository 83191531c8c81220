#include "runtime/models/anthropic.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/models/anthropic_blocks.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/native_tools.hpp"
#include "runtime/models/setting_table.hpp"
#include "runtime/models/wire_body.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

constexpr std::string_view first_version = "2023-06-01";
/// The first one without sampling settings.
constexpr std::string_view second_version = "2026-10-21";
constexpr std::size_t marks_max = 4;
constexpr std::int64_t answer_tokens = 4096;

/// A setting that asks for a cache mark: true, `5m` or `1h`. @returns null for
/// none
json mark_of(const json& settings, const char* name) {
  const auto* value = find_value(settings, name);
  if (value == nullptr || *value == false)
    return nullptr;
  const auto* ttl = value->get_ptr<const std::string*>();
  return cache_mark(ttl == nullptr ? std::string_view{} : *ttl);
}

std::int64_t budget_of(const std::string& effort) {
  if (effort == "minimal")
    return 1024;
  if (effort == "low")
    return 2048;
  if (effort == "high")
    return 16'384;
  return effort == "xhigh" ? 32'768 : 10'000;
}

/// The value of `thinking`; null for none.
json thinking_of(const json& settings, const model_profile& profile) {
  if (const auto* own = find_object(settings, "anthropic_thinking"))
    return *own;
  const auto wish = wish_of(settings, profile);
  if (!wish)
    return nullptr;
  if (!wish->wanted)
    return {{"type", "disabled"}};
  if (!profile.thinks_by_budget)
    return {{"type", "adaptive"}};
  return {{"type", "enabled"}, {"budget_tokens", budget_of(wish->effort)}};
}

/// Thinking counts as output: what is left must be enough for an answer.
std::int64_t default_max_tokens(const json& thinking) {
  const auto budget = find_integer(thinking, "budget_tokens").value_or(0);
  return budget < answer_tokens ? answer_tokens : budget + answer_tokens;
}

void add_output_config(json& body, const json& settings,
                       const model_profile& profile, const request_plan& plan) {
  const auto wish = wish_of(settings, profile);
  const auto* own = find_value(settings, "anthropic_effort");
  if (wish && !wish->effort.empty() && profile.supports_effort
      && own == nullptr)
    body["output_config"]["effort"] = effort_name(wish->effort, profile);
  if (plan.format && !plan.any_object)
    body["output_config"]["format"]
      = {{"type", "json_schema"}, {"schema", plan.format->schema}};
}

json tool_of(const wire_tool& tool, const json& settings) {
  json out{{"name", tool.name},
           {"description", tool.description},
           {"input_schema", tool.parameters}};
  if (tool.strict)
    out["strict"] = *tool.strict;
  copy_settings(out, settings,
                {{"anthropic_eager_input_streaming", "eager_input_streaming"}});
  return out;
}

json choice_of(tool_choice choice, const json& thinking, const json& settings) {
  if (choice == tool_choice::none)
    return {{"type", "none"}};
  // While it thinks within a budget no model can be made to call a tool.
  const auto may_force = text_or_empty(thinking, "type") != "enabled";
  json out{
    {"type", choice == tool_choice::required && may_force ? "any" : "auto"}};
  if (const auto* parallel = find_value(settings, "parallel_tool_calls"))
    out["disable_parallel_tool_use"] = *parallel == false;
  return out;
}

/// The provider's tier for one that all have; null for none.
json service_tier(const json& settings) {
  const auto tier = text_or_empty(settings, "service_tier");
  if (tier == "default")
    return "standard_only";
  return tier == "auto" ? json(tier) : json{};
}

json messages_body(const conversation_options& options,
                   const request_plan& plan, const json& settings,
                   std::set<std::string>& betas) {
  const auto thinking = thinking_of(settings, options.profile);
  json body{{"model", options.identity.model_name},
            {"stream", options.stream},
            {"max_tokens", default_max_tokens(thinking)}};
  if (auto tier = service_tier(settings); !tier.is_null())
    body["service_tier"] = std::move(tier);
  apply_settings(body, settings, wire_format::anthropic,
                 options.identity.provider_name);
  if (!thinking.is_null())
    body["thinking"] = thinking;
  add_output_config(body, settings, options.profile, plan);
  if (auto mark = mark_of(settings, "anthropic_cache"); !mark.is_null())
    body["cache_control"] = std::move(mark);
  if (const auto* container = find_value(settings, "anthropic_container");
      container != nullptr && *container != false)
    body["container"] = *container;
  const auto& native = options.definition->native_tools;
  const auto has_memory
    = std::any_of(native.begin(), native.end(),
                  [](const auto& tool) { return tool.kind == "memory"; });
  for (const auto& tool : plan.tools)
    if (!has_memory || tool.name != "memory")
      body["tools"].push_back(tool_of(tool, settings));
  add_native_tools(
    body, betas, *options.definition,
    {wire_format::anthropic, options.identity.provider_name, options.profile});
  if (body.contains("tools"))
    if (auto mark = mark_of(settings, "anthropic_cache_tool_definitions");
        !mark.is_null())
      body["tools"].back()["cache_control"] = std::move(mark);
  if (!plan.tools.empty())
    body["tool_choice"] = choice_of(plan.choice, thinking, settings);
  merge_extra_body(body, settings);
  return body;
}

/// The beta features that settings ask for.
std::set<std::string> betas_of(const json& settings) {
  std::set<std::string> betas;
  if (const auto* list = find_array(settings, "anthropic_betas"))
    for (const auto& name : *list)
      if (const auto* text = name.get_ptr<const std::string*>())
        betas.insert(*text);
  if (settings.contains("anthropic_task_budget"))
    betas.insert("task-budgets-2026-03-13");
  if (settings.contains("anthropic_context_management"))
    betas.insert({"compact-2026-01-12", "context-management-2025-06-27"});
  if (text_or_empty(settings, "anthropic_speed") == "fast")
    betas.insert("fast-mode-2026-02-01");
  return betas;
}

/// Moves the features of an `anthropic-beta` header among `betas`.
void take_betas(wire_headers& headers, std::set<std::string>& betas) {
  const auto found
    = std::find_if(headers.begin(), headers.end(), [](const auto& header) {
        return header.first == "anthropic-beta";
      });
  if (found == headers.end())
    return;
  std::string_view list = found->second;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto name = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    if (!name.empty())
      betas.emplace(name);
  }
  headers.erase(found);
}

} // namespace

anthropic_conversation::anthropic_conversation(conversation_options options)
  : options_(std::move(options)),
    plan_(plan_requests(*options_.definition, options_.profile)),
    settings_(
      usable_settings(options_.definition->model_settings, options_.profile)),
    headers_(request_headers(settings_, options_.stream)),
    betas_(betas_of(settings_)) {
  auto& version = options_.api_version;
  if (version.empty())
    version = first_version;
  // Versions are dates, so that the order of text is that of time.
  if (version >= second_version)
    for (const auto* name : {"temperature", "top_p", "top_k"})
      settings_.erase(name);
  headers_.emplace_back("anthropic-version", version);
  take_betas(headers_, betas_);
  const auto body = messages_body(options_, plan_, settings_, betas_);
  head_ = make_piece(open_object(body));
  head_marks_ = (body.contains("cache_control") ? 1U : 0U)
                + (body.contains("tools")
                       && body["tools"].back().contains("cache_control")
                     ? 1U
                     : 0U);
}

result<unit> anthropic_conversation::add(const message& next) {
  if (const auto* request = std::get_if<model_request>(&next))
    return add(*request);
  add(std::get<model_response>(next));
  return ok();
}

result<unit> anthropic_conversation::add(const model_request& next) {
  std::vector<std::string> leading;
  std::vector<const request_part*> parts;
  for (const auto& part : next.parts) {
    const auto* system = std::get_if<system_prompt_part>(&part);
    if (system != nullptr && messages_.empty() && parts.empty())
      leading.push_back(system->content);
    else
      parts.push_back(&part);
  }
  const auto blocks
    = blocks_of(parts, {options_.identity, options_.profile, betas_});
  if (!blocks)
    return blocks.error();
  if (!leading.empty()) {
    leading_.insert(leading_.end(), leading.begin(), leading.end());
    opening_ = nullptr;
  }
  if (!blocks->empty())
    messages_.add("user", *blocks);
  return ok();
}

void anthropic_conversation::add(const model_response& next) {
  const auto blocks
    = blocks_of(next, {options_.identity, options_.profile, betas_});
  if (!blocks.empty())
    messages_.add("assistant", blocks);
  const auto container = text_or_empty(next.provider_details, "container_id");
  if (container.empty() || next.provider_name != options_.identity.provider_name
      || settings_.contains("anthropic_container"))
    return;
  container_ = container;
  opening_ = nullptr;
}

wire_request
anthropic_conversation::request(const std::vector<std::string>& instructions) {
  if (opening_ == nullptr || instructions != instructions_)
    encode_opening(instructions);
  wire_request wire;
  wire.path = "/v1/messages?beta=true";
  wire.headers = headers_;
  if (!betas_.empty()) {
    std::string list;
    for (const auto& name : betas_)
      list += (list.empty() ? "" : ",") + name;
    wire.headers.emplace_back("anthropic-beta", std::move(list));
  }
  wire.timeout = time_setting(settings_, "timeout");
  wire.body = {head_, opening_};
  if (!messages_.begins_with("user")) {
    // A run may have instructions alone, but the API wants a user to begin.
    static const auto begin = make_piece(
      R"({"role":"user","content":[{"type":"text","text":"Begin."}]})");
    static const auto comma = make_piece(",");
    wire.body.push_back(begin);
    if (!messages_.empty())
      wire.body.push_back(comma);
  }
  messages_.append_to(wire.body, marks_max - head_marks_ - opening_marks_,
                      mark_of(settings_, "anthropic_cache_messages"));
  static const auto tail = make_piece("]}");
  wire.body.push_back(tail);
  return wire;
}

void anthropic_conversation::encode_opening(
  const std::vector<std::string>& instructions) {
  std::vector<std::string> texts;
  for (const auto& list : {leading_, with_plan(instructions, plan_)})
    std::copy_if(list.begin(), list.end(), std::back_inserter(texts),
                 [](const auto& text) { return !text.empty(); });
  const auto mark = mark_of(settings_, "anthropic_cache_instructions");
  opening_marks_ = mark.is_null() || texts.empty() ? 0 : 1;
  std::string opening;
  if (!container_.empty())
    opening += ",\"container\":" + to_text(container_);
  if (texts.size() == 1 && mark.is_null()) {
    opening += ",\"system\":" + to_text(texts.front());
  } else if (!texts.empty()) {
    std::vector<json> blocks;
    for (auto& text : texts)
      blocks.push_back(text_block(std::move(text)).value);
    if (!mark.is_null())
      blocks.back()["cache_control"] = mark;
    opening += ",\"system\":[" + join_elements(blocks) + "]";
  }
  opening_ = make_piece(opening + ",\"messages\":[");
  instructions_ = instructions;
}

} // namespace perdure::runtime

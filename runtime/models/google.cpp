#include "runtime/models/google.hpp"

#include "runtime/models/google_contents.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/native_tools.hpp"
#include "runtime/models/setting_table.hpp"

#include <algorithm>
#include <cctype>

namespace perdure::runtime {

namespace {

constexpr std::string_view default_version = "v1beta";

std::string upper_case(std::string text) {
  std::transform(
    text.begin(), text.end(), text.begin(),
    [](unsigned char sign) { return static_cast<char>(std::toupper(sign)); });
  return text;
}

int budget_of(std::string_view effort) {
  if (effort == "minimal")
    return 128;
  if (effort == "low")
    return 2048;
  return effort == "medium" ? 8192 : 24'576;
}

/// The value of `thinkingConfig`; null for none.
json thinking_of(const json& settings, const model_profile& profile) {
  if (const auto* own = find_object(settings, "google_thinking_config"))
    return with_camel_keys(*own);
  const auto wish = wish_of(settings, profile);
  if (!wish)
    return nullptr;
  const auto by_budget = profile.thinks_by_budget;
  if (!wish->wanted)
    return by_budget ? json{{"thinkingBudget", 0}}
                     : json{{"thinkingLevel", "MINIMAL"}};
  json config{{"includeThoughts", true}};
  if (wish->effort.empty())
    return config;
  if (by_budget)
    config["thinkingBudget"] = budget_of(wish->effort);
  else
    config["thinkingLevel"] = upper_case(effort_name(wish->effort, profile));
  return config;
}

/// What a configuration holds besides the settings that are sent as they are.
void add_generation_config(json& body, const json& settings,
                           const model_profile& profile,
                           const request_plan& plan) {
  const auto set = [&](const char* key, json value) {
    body["generationConfig"][key] = std::move(value);
  };
  if (auto thinking = thinking_of(settings, profile); !thinking.is_null())
    set("thinkingConfig", std::move(thinking));
  if (!plan.format
      || (!plan.tools.empty() && !profile.supports_format_with_tools))
    return;
  set("responseMimeType", "application/json");
  if (!plan.any_object)
    set("responseJsonSchema", plan.format->schema);
}

/// The provider's tier for one that all have; null for none.
json service_tier(const json& settings) {
  const auto tier = text_or_empty(settings, "service_tier");
  if (tier == "default")
    return "standard";
  return tier == "flex" || tier == "priority" ? json(tier) : json{};
}

/// The value of `toolConfig`; null when the model may do as it likes.
json tool_config(const request_plan& plan) {
  const auto is_strict
    = std::all_of(plan.tools.begin(), plan.tools.end(),
                  [](const auto& tool) { return tool.strict == true; });
  const char* mode = is_strict ? "VALIDATED" : nullptr;
  if (plan.choice == tool_choice::none)
    mode = "NONE";
  else if (plan.choice == tool_choice::required)
    mode = "ANY";
  if (mode == nullptr)
    return nullptr;
  return {{"functionCallingConfig", {{"mode", mode}}}};
}

native_target target_of(const conversation_options& options) {
  return {wire_format::google, options.identity.provider_name, options.profile};
}

void add_tools(json& body, const conversation_options& options,
               const request_plan& plan) {
  if (!plan.tools.empty()) {
    auto declarations = json::array();
    for (const auto& tool : plan.tools) {
      json declared{{"name", tool.name},
                    {"description", tool.description},
                    {"parametersJsonSchema", tool.parameters}};
      if (!tool.returns.is_null())
        declared["responseJsonSchema"] = tool.returns;
      declarations.push_back(std::move(declared));
    }
    body["tools"]
      = json::array({{{"functionDeclarations", std::move(declarations)}}});
    if (auto config = tool_config(plan); !config.is_null())
      body["toolConfig"] = std::move(config);
  }
  const auto own_count = body.contains("tools") ? body["tools"].size() : 0;
  std::set<std::string> none;
  add_native_tools(
    body, none, *options.definition,
    {wire_format::google, options.identity.provider_name, options.profile});
  const auto has_native
    = body.contains("tools") && body["tools"].size() > own_count;
  if (has_native && options.profile.shows_native_calls)
    body["toolConfig"]["includeServerSideToolInvocations"] = true;
}

json generate_body(const conversation_options& options,
                   const request_plan& plan, const json& settings) {
  json body = json::object();
  apply_settings(body, settings, wire_format::google,
                 options.identity.provider_name);
  add_generation_config(body, settings, options.profile, plan);
  if (auto tier = service_tier(settings); !tier.is_null())
    body["serviceTier"] = std::move(tier);
  // A model that makes images wants to be asked for them.
  if (has_native_tool("image_generation", target_of(options)))
    body["generationConfig"]["responseModalities"] = {"TEXT", "IMAGE"};
  // A cache holds instructions and tools already.
  if (!body.contains("cachedContent"))
    add_tools(body, options, plan);
  merge_extra_body(body, settings);
  return body;
}

std::string path_of(const conversation_options& options) {
  const auto& version = options.api_version;
  std::string path = "/";
  path += version.empty() ? default_version : std::string_view{version};
  // A name may say of what kind it is: `tunedModels/x`.
  std::string_view name = options.identity.model_name;
  if (name.find('/') == std::string_view::npos)
    path += "/models";
  while (!name.empty()) {
    const auto end = std::min(name.find('/'), name.size());
    path += '/' + percent_encoded(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return path
         + (options.stream ? ":streamGenerateContent?alt=sse"
                           : ":generateContent");
}

} // namespace

google_conversation::google_conversation(conversation_options options)
  : options_(std::move(options)),
    plan_(plan_requests(*options_.definition, options_.profile)),
    path_(path_of(options_)) {
  const auto settings
    = usable_settings(options_.definition->model_settings, options_.profile);
  headers_ = request_headers(settings, options_.stream);
  timeout_ = time_setting(settings, "timeout");
  const auto body = generate_body(options_, plan_, settings);
  is_cached_ = body.contains("cachedContent");
  auto head = open_object(body);
  if (!body.empty())
    head += ',';
  head_ = make_piece(std::move(head));
}

result<unit> google_conversation::add(const message& next) {
  if (const auto* request = std::get_if<model_request>(&next))
    return add(*request);
  contents_.add(contents_of(std::get<model_response>(next), options_.identity,
                            options_.profile));
  return ok();
}

result<unit> google_conversation::add(const model_request& next) {
  std::vector<std::string> leading;
  std::vector<const request_part*> parts;
  for (const auto& part : next.parts) {
    const auto* system = std::get_if<system_prompt_part>(&part);
    if (system != nullptr && contents_.empty() && parts.empty())
      leading.push_back(system->content);
    else
      parts.push_back(&part);
  }
  const auto contents = contents_of(parts, options_.identity);
  if (!contents)
    return contents.error();
  if (!leading.empty()) {
    leading_.insert(leading_.end(), leading.begin(), leading.end());
    opening_ = nullptr;
  }
  if (contents_.empty() && !contents->empty())
    begins_with_user_ = true;
  contents_.add(*contents);
  return ok();
}

wire_request
google_conversation::request(const std::vector<std::string>& instructions) {
  if (opening_ == nullptr || instructions != instructions_)
    encode_opening(instructions);
  wire_request wire;
  wire.path = path_;
  wire.headers = headers_;
  wire.timeout = timeout_;
  wire.body = {head_, opening_};
  // The API wants a user to begin.
  static const auto begin
    = make_piece(R"({"role":"user","parts":[{"text":""}]})");
  if (!begins_with_user_)
    wire.body.push_back(begin);
  contents_.append_to(wire.body, !begins_with_user_);
  static const auto tail = make_piece("]}");
  wire.body.push_back(tail);
  return wire;
}

void google_conversation::encode_opening(
  const std::vector<std::string>& instructions) {
  std::vector<json> parts;
  for (const auto& list : {leading_, with_plan(instructions, plan_)})
    for (const auto& text : list)
      if (!text.empty())
        parts.push_back(google_text(text));
  std::string opening;
  if (!parts.empty() && !is_cached_)
    opening = R"("systemInstruction":{"role":"user","parts":[)"
              + join_elements(parts) + "]},";
  opening_ = make_piece(opening + "\"contents\":[");
  instructions_ = instructions;
}

} // namespace perdure::runtime

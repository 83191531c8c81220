#include "runtime/flow/sampling.hpp"

#include "runtime/flow/screening.hpp"
#include "runtime/messages/content_items.hpp"
#include "runtime/messages/repair.hpp"
#include "runtime/models/json_read.hpp"

#include <utility>

namespace perdure::runtime {

namespace {

failure wrong(std::string what) {
  return {errc::invalid_argument, std::move(what)};
}

/// A content block as an item of a user's prompt.
result<json> item_of(const json& block) {
  const std::string type{text_or_empty(block, "type")};
  if (type == "text")
    return json(std::string{text_or_empty(block, "text")});
  if (type != "image" && type != "audio")
    return wrong("content of the type '" + type
                 + "' cannot be sampled; there are text, image and audio");
  const auto bytes = url_safe_base64(text_or_empty(block, "data"));
  if (!bytes || text_or_empty(block, "mimeType").empty())
    return wrong(type + " content needs data in base64 and a mimeType");
  return json{
    {"kind", "binary"}, {"data", *bytes}, {"media_type", block.at("mimeType")}};
}

result<json> items_of(const json& said) {
  const auto* content = find_value(said, "content");
  if (content == nullptr)
    return wrong("a message needs content");
  auto out = json::array();
  const auto blocks = content->is_array() ? *content : json::array({*content});
  for (const auto& block : blocks) {
    auto item = item_of(block);
    if (!item)
      return item.error();
    out.push_back(std::move(*item));
  }
  if (out.empty())
    return wrong("a message needs content");
  return out;
}

result<message> message_of(const json& said) {
  auto items = items_of(said);
  if (!items)
    return items.error();
  const auto role = text_or_empty(said, "role");
  if (role == "user") {
    model_request out;
    const auto is_text = items->size() == 1 && items->front().is_string();
    out.parts.emplace_back(
      user_prompt_part{is_text ? items->front() : std::move(*items), {}});
    return message{std::move(out)};
  }
  if (role != "assistant")
    return wrong("the role of a message must be user or assistant");
  model_response out;
  for (const auto& item : *items) {
    if (!item.is_string())
      return wrong("what the assistant said must be text");
    text_part part;
    part.content = item.get<std::string>();
    out.parts.emplace_back(std::move(part));
  }
  return message{std::move(out)};
}

result<message_history> messages_of(const json& params) {
  const auto* said = find_array(params, "messages");
  if (said == nullptr || said->empty())
    return wrong("messages must be a list with something in it");
  message_history out;
  for (const auto& next : *said) {
    auto read = message_of(next);
    if (!read)
      return read.error();
    out.push_back(std::make_shared<const message>(std::move(*read)));
  }
  if (!std::holds_alternative<model_request>(*out.back()))
    return wrong("the last message must be the user's");
  return repair(out);
}

/// Of the agent's settings those of the exchange alone: how the model is to
/// speak is the server's business here.
result<json> settings_of(const json& agent, const json& params) {
  auto out = json::object();
  for (const auto* key : {"timeout", "service_tier", "extra_headers"})
    if (const auto* value = find_value(agent, key))
      out[key] = *value;
  if (const auto* tokens = find_value(params, "maxTokens")) {
    if (!tokens->is_number_integer() || *tokens < 1)
      return wrong("maxTokens must be a whole number above 0");
    out["max_tokens"] = *tokens;
  }
  if (const auto* heat = find_value(params, "temperature")) {
    if (!heat->is_number())
      return wrong("temperature must be a number");
    out["temperature"] = *heat;
  }
  if (const auto* stops = find_array(params, "stopSequences")) {
    for (const auto& stop : *stops)
      if (!stop.is_string())
        return wrong("stopSequences must be a list of texts");
    if (!stops->empty())
      out["stop_sequences"] = *stops;
  }
  return out;
}

std::string_view stop_reason(finish_reason reason) {
  switch (reason) {
    case finish_reason::length:
      return "maxTokens";
    case finish_reason::content_filter:
      return "contentFilter";
    default:
      return "endTurn";
  }
}

} // namespace

json sampling_request(const std::string& server, const json& params) {
  return {{"server", server}, {"params", params}};
}

bool is_sampling(const json& question) noexcept {
  return question.is_object() && question.contains("params");
}

result<sampling_plan>
plan_sampling(const agent_definition& definition, const json& request) {
  const auto& params = request.at("params");
  for (const auto* key : {"tools", "toolChoice"})
    if (const auto* value = find_value(params, key);
        value != nullptr && !value->empty())
      return wrong(std::string{key}
                   + " cannot be sampled with: this client did not declare "
                     "sampling.tools");
  auto messages = messages_of(params);
  if (!messages)
    return messages.error();
  auto settings = settings_of(definition.model_settings, params);
  if (!settings)
    return settings.error();
  sampling_plan out;
  out.messages = std::move(*messages);
  if (const auto prompt = text_or_empty(params, "systemPrompt");
      !prompt.empty())
    out.instructions.emplace_back(prompt);
  agent_definition bare;
  bare.name = definition.name;
  bare.model = definition.model;
  bare.model_policy = definition.model_policy;
  if (!settings->empty())
    bare.model_settings = std::move(*settings);
  out.definition = std::make_shared<const agent_definition>(std::move(bare));
  return out;
}

elicited_answer sampled_answer(json request, const task_outcome& outcome) {
  elicited_answer out{std::move(request), verdict::denied, ""};
  if (const auto* error = std::get_if<task_error>(&outcome))
    out.content = error->message;
  const auto* response = std::get_if<model_response>(&outcome);
  if (response == nullptr)
    return out;
  out.verdict = verdict::answered;
  out.content
    = {{"role", "assistant"},
       {"content",
        {{"type", "text"}, {"text", output_text(*response).value_or("")}}},
       {"model", response->model_name.value_or("unknown")},
       {"stopReason", stop_reason(response->finish_reason)}};
  return out;
}

// -- what a run's state makes of them -----------------------------------------

bool run_state::is_open(const sampling_state& sampling) const {
  return phase == run_phase::calling && !sampling.is_done
         && !calls[sampling.call].result;
}

void run_state::on(const sampling_requested& x) {
  if (x.task.index != samplings.size())
    return;
  auto* call = open_task({x.task.step, task_kind::tool_call, x.call});
  if (call == nullptr)
    return;
  ++call->samplings;
  samplings.push_back({x.call, x.request, {}, false, {}});
}

void run_state::on_sampled(const task_completed& x) {
  auto& sampling = samplings[x.task.index];
  sampling.is_done = true;
  if (const auto* response = std::get_if<model_response>(&x.outcome)) {
    sampling.used = response->usage;
    add(used, response->usage);
    ++used.requests;
  }
  auto& call = calls[sampling.call].progress;
  --call.samplings;
  call.elicited.push_back(sampled_answer(sampling.request, x.outcome));
}

} // namespace perdure::runtime

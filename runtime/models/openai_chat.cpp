#include "runtime/models/openai_chat.hpp"

#include "runtime/messages/model_text.hpp"
#include "runtime/models/chat_thinking.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/native_tools.hpp"
#include "runtime/models/openai_common.hpp"
#include "runtime/models/setting_table.hpp"
#include "runtime/models/tool_files.hpp"
#include "runtime/models/user_content.hpp"

namespace perdure::runtime {

namespace {

json chat_message(const char* role, json content) {
  return {{"role", role}, {"content", std::move(content)}};
}

json tool_message(const std::string& id, std::string text) {
  return {{"role", "tool"}, {"tool_call_id", id}, {"content", std::move(text)}};
}

result<json> encode_item(const user_item& item, const model_identity& to) {
  if (item.kind == "text")
    return json{{"type", "text"}, {"text", item.text}};
  const auto is_binary = item.kind == "binary";
  if (item.kind == "image-url" || (is_binary && item.is_image())) {
    json image{{"url", is_binary ? item.data_uri() : item.url}};
    if (!item.detail.empty())
      image["detail"] = item.detail;
    return json{{"type", "image_url"}, {"image_url", std::move(image)}};
  }
  if (is_binary && item.media_type == "application/pdf")
    return json{
      {"type", "file"},
      {"file",
       {{"filename", item.file_name()}, {"file_data", item.data_uri()}}}};
  if (is_binary && item.media_type.starts_with("audio/")) {
    const auto is_mp3
      = item.media_type == "audio/mpeg" || item.media_type == "audio/mp3";
    if (is_mp3 || item.media_type == "audio/wav"
        || item.media_type == "audio/x-wav")
      return json{{"type", "input_audio"},
                  {"input_audio",
                   {{"data", item.data}, {"format", is_mp3 ? "mp3" : "wav"}}}};
  }
  if (item.kind == "uploaded-file" && item.provider_name == to.provider_name)
    return json{{"type", "file"}, {"file", {{"file_id", item.file_id}}}};
  return unsendable(item, "Chat Completions");
}

result<std::optional<json>>
encode_part(const request_part& part, const model_identity& to) {
  using encoded = std::optional<json>;
  if (const auto* system = std::get_if<system_prompt_part>(&part))
    return encoded{chat_message("system", system->content)};
  if (const auto* user = std::get_if<user_prompt_part>(&part)) {
    auto content = encode_user_content(user->content, to, encode_item);
    if (!content)
      return content.error();
    return encoded{chat_message("user", std::move(*content))};
  }
  if (const auto* retry = std::get_if<retry_prompt_part>(&part))
    return encoded{retry->tool_name
                     ? tool_message(retry->tool_call_id, text_of(*retry))
                     : chat_message("user", text_of(*retry))};
  if (const auto* opaque = std::get_if<opaque_part>(&part)) {
    if (auto text = text_of(*opaque))
      return encoded{chat_message("user", std::move(*text))};
    return failure{errc::invalid_argument,
                   "the Chat Completions API has no form for a part of kind `"
                     + std::string{text_or_empty(opaque->value, "part_kind")}
                     + "`"};
  }
  return encoded{};
}

void append_paragraph(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty())
    text += "\n\n";
  text += more;
}

json chat_tool(const wire_tool& tool) {
  json out{{"name", tool.name},
           {"description", tool.description},
           {"parameters", tool.parameters}};
  if (tool.strict)
    out["strict"] = *tool.strict;
  return out;
}

json response_format(const output_format& format, bool any_object) {
  if (any_object)
    return {{"type", "json_object"}};
  json schema{{"name", format.name}, {"schema", format.schema}};
  if (!format.description.empty())
    schema["description"] = format.description;
  if (format.strict)
    schema["strict"] = *format.strict;
  return {{"type", "json_schema"}, {"json_schema", std::move(schema)}};
}

json chat_body(const conversation_options& options, const request_plan& plan) {
  const auto& profile = options.profile;
  const auto settings
    = usable_settings(options.definition->model_settings, profile);
  json body{{"model", options.identity.model_name}, {"stream", options.stream}};
  if (options.stream) {
    auto& stream_options = body["stream_options"];
    stream_options = {{"include_usage", true}};
    copy_settings(
      stream_options, settings,
      {{"openai_continuous_usage_stats", "continuous_usage_stats"}});
  }
  apply_settings(body, settings, wire_format::openai_chat,
                 options.identity.provider_name);
  copy_settings(body, settings,
                {{"max_tokens", profile.max_tokens_field.c_str()}});
  ask_to_think(body, settings, profile);
  if (!plan.tools.empty()) {
    auto& tools = body["tools"] = json::array();
    for (const auto& tool : plan.tools)
      tools.push_back({{"type", "function"}, {"function", chat_tool(tool)}});
    add_tool_settings(body, settings, plan.choice);
  }
  std::set<std::string> none;
  add_native_tools(
    body, none, *options.definition,
    {wire_format::openai_chat, options.identity.provider_name, profile});
  if (plan.format)
    body["response_format"] = response_format(*plan.format, plan.any_object);
  merge_extra_body(body, settings);
  return body;
}

} // namespace

chat_conversation::chat_conversation(conversation_options options)
  : options_(std::move(options)),
    plan_(plan_requests(*options_.definition, options_.profile)),
    headers_(
      request_headers(options_.definition->model_settings, options_.stream)),
    timeout_(time_setting(options_.definition->model_settings, "timeout")),
    head_(
      make_piece(open_object(chat_body(options_, plan_)) + ",\"messages\":[")),
    tail_(make_piece("]}")) {
  // nop
}

result<unit> chat_conversation::add(const message& next) {
  if (const auto* response = std::get_if<model_response>(&next)) {
    elements_.add(encode(*response));
    return ok();
  }
  auto encoded = encode(std::get<model_request>(next));
  if (!encoded)
    return encoded.error();
  elements_.add(*encoded);
  return ok();
}

wire_request
chat_conversation::request(const std::vector<std::string>& instructions) {
  if (opening_ == nullptr || instructions != instructions_)
    encode_opening(instructions);
  wire_request wire;
  wire.path = "/chat/completions";
  wire.headers = headers_;
  wire.timeout = timeout_;
  wire.body.push_back(head_);
  if (!opening_->empty())
    wire.body.push_back(opening_);
  elements_.append_to(wire.body, !opening_->empty());
  wire.body.push_back(tail_);
  return wire;
}

result<std::vector<json>>
chat_conversation::encode(const model_request& request) {
  std::vector<json> leading;
  std::vector<json> encoded;
  std::vector<user_item> files;
  for (const auto& part : request.parts) {
    if (const auto* given = std::get_if<tool_return_part>(&part)) {
      auto shown = show(*given);
      encoded.push_back(tool_message(given->tool_call_id, shown.text));
      files.insert(files.end(), shown.files.begin(), shown.files.end());
      continue;
    }
    auto value = encode_part(part, options_.identity);
    if (!value)
      return value.error();
    if (!*value)
      continue;
    const auto leads = elements_.empty() && encoded.empty()
                       && std::holds_alternative<system_prompt_part>(part);
    (leads ? leading : encoded).push_back(std::move(**value));
  }
  // Results are text; what is in them is shown behind all of them.
  if (!files.empty()) {
    auto content = encode_files(files, options_.identity, encode_item);
    if (!content)
      return content.error();
    encoded.push_back(chat_message("user", std::move(*content)));
  }
  if (!leading.empty()) {
    leading_.insert(leading_.end(), leading.begin(), leading.end());
    opening_ = nullptr;
  }
  return encoded;
}

std::vector<json>
chat_conversation::encode(const model_response& response) const {
  std::string text;
  std::string thoughts;
  std::string thoughts_field;
  json calls = json::array();
  const auto& profile = options_.profile;
  for (const auto& part : response.parts) {
    if (const auto* said = std::get_if<text_part>(&part)) {
      append_paragraph(text, said->content);
    } else if (const auto* thought = std::get_if<thinking_part>(&part)) {
      const auto& from = thought->provider;
      const auto is_field
        = from.id == "reasoning_content" || from.id == "reasoning";
      if (profile.thoughts == thoughts_return::never)
        continue;
      if (is_field && from.provider_name == options_.identity.provider_name
          && profile.thoughts == thoughts_return::as_they_came) {
        thoughts_field = *from.id;
        append_paragraph(thoughts, thought->content);
      } else if (!thought->content.empty()) {
        append_paragraph(text, tagged_thought(thought->content, profile));
      }
    } else if (const auto* call = std::get_if<tool_call_part>(&part)) {
      if (!call->builtin)
        calls.push_back({{"id", call->tool_call_id},
                         {"type", "function"},
                         {"function",
                          {{"name", call->tool_name},
                           {"arguments", arguments_text(*call)}}}});
    }
  }
  if (text.empty() && calls.empty())
    return {};
  auto encoded = chat_message("assistant", text.empty() ? json{} : json(text));
  if (!thoughts.empty())
    encoded[thoughts_field] = thoughts;
  if (!calls.empty())
    encoded["tool_calls"] = std::move(calls);
  return {std::move(encoded)};
}

void chat_conversation::encode_opening(
  const std::vector<std::string>& instructions) {
  auto opening = leading_;
  for (const auto& text : with_plan(instructions, plan_))
    if (!text.empty())
      opening.push_back(
        chat_message(options_.profile.system_role.c_str(), text));
  opening_ = make_piece(join_elements(opening));
  instructions_ = instructions;
}

} // namespace perdure::runtime

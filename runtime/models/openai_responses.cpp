#include "runtime/models/openai_responses.hpp"

#include "runtime/messages/model_text.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/native_tools.hpp"
#include "runtime/models/openai_common.hpp"
#include "runtime/models/responses_items.hpp"
#include "runtime/models/responses_native.hpp"
#include "runtime/models/setting_table.hpp"
#include "runtime/models/tool_files.hpp"
#include "runtime/models/user_content.hpp"

namespace perdure::runtime {

namespace {

result<json> encode_item(const user_item& item, const model_identity& to) {
  if (item.kind == "text")
    return json{{"type", "input_text"}, {"text", item.text}};
  const auto is_binary = item.kind == "binary";
  const auto is_upload
    = item.kind == "uploaded-file" && item.provider_name == to.provider_name;
  if (item.is_image() && (is_binary || is_upload || item.kind == "image-url")) {
    json image{{"type", "input_image"},
               {"detail", item.detail.empty() ? "auto" : item.detail}};
    if (is_upload)
      image["file_id"] = item.file_id;
    else
      image["image_url"] = is_binary ? item.data_uri() : item.url;
    return image;
  }
  if (is_binary && item.media_type == "application/pdf")
    return json{{"type", "input_file"},
                {"filename", item.file_name()},
                {"file_data", item.data_uri()}};
  if (item.kind == "document-url")
    return json{{"type", "input_file"}, {"file_url", item.url}};
  if (is_upload)
    return json{{"type", "input_file"}, {"file_id", item.file_id}};
  return unsendable(item, "Responses");
}

json input_message(const char* role, json content) {
  return {{"role", role}, {"content", std::move(content)}};
}

json call_output(const std::string& id, std::string text) {
  return {{"type", "function_call_output"},
          {"call_id", id},
          {"output", std::move(text)}};
}

/// Adds `text` to the last item of `items` when both are of one message.
void add_text(std::vector<json>& items, const std::string& text,
              const std::string* id) {
  if (id == nullptr) {
    items.push_back(input_message("assistant", text));
    return;
  }
  const auto goes_on = !items.empty()
                       && text_or_empty(items.back(), "type") == "message"
                       && text_or_empty(items.back(), "id") == *id;
  if (!goes_on)
    items.push_back({{"type", "message"},
                     {"role", "assistant"},
                     {"id", *id},
                     {"status", "completed"},
                     {"content", json::array()}});
  items.back()["content"].push_back(
    {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}});
}

/// Adds `part` to the last item of `items` when both are of one reasoning.
void add_reasoning(std::vector<json>& items, const thinking_part& part) {
  const auto& id = *part.provider.id;
  const auto goes_on = !items.empty()
                       && text_or_empty(items.back(), "type") == "reasoning"
                       && text_or_empty(items.back(), "id") == id;
  if (!goes_on)
    items.push_back(
      {{"type", "reasoning"}, {"id", id}, {"summary", json::array()}});
  auto& item = items.back();
  if (part.signature)
    item["encrypted_content"] = *part.signature;
  if (!part.content.empty())
    item["summary"].push_back(
      {{"type", "summary_text"}, {"text", part.content}});
  const auto* raw = find_array(part.provider.provider_details, "raw_content");
  if (raw == nullptr)
    return;
  auto& content = item["content"] = json::array();
  for (const auto& text : *raw)
    content.push_back({{"type", "reasoning_text"}, {"text", text}});
}

json text_format(const output_format& format, bool any_object) {
  if (any_object)
    return {{"type", "json_object"}};
  json out{{"type", "json_schema"},
           {"name", format.name},
           {"schema", format.schema},
           {"strict", format.strict.value_or(false)}};
  if (!format.description.empty())
    out["description"] = format.description;
  return out;
}

/// Whether the ids of the provider's items go back to it.
bool sends_ids(const json& settings) {
  const auto* value = find_value(settings, "openai_send_reasoning_ids");
  return value == nullptr || *value != false;
}

json responses_body(const conversation_options& options,
                    const request_plan& plan) {
  const auto& to = options.identity;
  const auto settings
    = usable_settings(options.definition->model_settings, options.profile);
  json body{{"model", to.model_name}, {"stream", options.stream}};
  if (options.profile.supports_encrypted_thoughts)
    body["include"].push_back("reasoning.encrypted_content");
  if (auto effort = reasoning_effort(settings, options.profile);
      !effort.is_null())
    body["reasoning"]["effort"] = std::move(effort);
  apply_settings(body, settings, wire_format::openai_responses,
                 to.provider_name);
  if (plan.format)
    body["text"]["format"] = text_format(*plan.format, plan.any_object);
  if (!plan.tools.empty()) {
    auto& tools = body["tools"] = json::array();
    // Left out, `strict` is on, and the API rewrites the schema.
    for (const auto& tool : plan.tools)
      tools.push_back({{"type", "function"},
                       {"name", tool.name},
                       {"description", tool.description},
                       {"parameters", tool.parameters},
                       {"strict", tool.strict.value_or(false)}});
    add_tool_settings(body, settings, plan.choice);
  }
  std::set<std::string> none;
  add_native_tools(
    body, none, *options.definition,
    {wire_format::openai_responses, to.provider_name, options.profile});
  if (const auto* own = find_array(settings, "openai_native_tools"))
    for (const auto& tool : *own)
      body["tools"].push_back(tool);
  merge_extra_body(body, settings);
  return body;
}

} // namespace

responses_conversation::responses_conversation(conversation_options options)
  : options_(std::move(options)),
    plan_(plan_requests(*options_.definition, options_.profile)),
    sends_ids_(sends_ids(options_.definition->model_settings)),
    timeout_(time_setting(options_.definition->model_settings, "timeout")) {
  const auto body = responses_body(options_, plan_);
  if (const auto* store = find_value(body, "store"))
    is_stored_ = *store != json(false);
  if (const auto* background = find_value(body, "background"))
    in_background_ = *background == json(true);
  headers_
    = request_headers(options_.definition->model_settings, options_.stream);
  head_ = make_piece(open_object(body));
  tail_ = make_piece("]}");
}

result<unit> responses_conversation::add(const message& next) {
  if (const auto* response = std::get_if<model_response>(&next)) {
    elements_.add(encode(*response));
    return ok();
  }
  const auto encoded = encode(std::get<model_request>(next));
  if (!encoded)
    return encoded.error();
  elements_.add(*encoded);
  return ok();
}

wire_request
responses_conversation::request(const std::vector<std::string>& instructions) {
  if (opening_ == nullptr || instructions != instructions_) {
    std::string joined;
    for (const auto& text : with_plan(instructions, plan_)) {
      if (!joined.empty() && !text.empty())
        joined += "\n\n";
      joined += text;
    }
    std::string opening;
    if (!joined.empty())
      opening = ",\"instructions\":" + to_text(joined);
    opening_ = make_piece(opening + ",\"input\":[");
    instructions_ = instructions;
  }
  wire_request wire;
  wire.path = "/responses";
  wire.headers = headers_;
  wire.timeout = timeout_;
  wire.in_background = in_background_;
  wire.body = {head_, opening_};
  // A run may have instructions alone, but the API wants something said.
  static const auto silence = make_piece(to_text(input_message("user", "")));
  if (elements_.empty())
    wire.body.push_back(silence);
  elements_.append_to(wire.body, false);
  wire.body.push_back(tail_);
  return wire;
}

result<std::vector<json>>
responses_conversation::encode(const model_request& request) const {
  std::vector<json> items;
  std::vector<user_item> files;
  for (const auto& part : request.parts) {
    if (const auto* system = std::get_if<system_prompt_part>(&part)) {
      items.push_back(input_message("system", system->content));
    } else if (const auto* user = std::get_if<user_prompt_part>(&part)) {
      auto content
        = encode_user_content(user->content, options_.identity, encode_item);
      if (!content)
        return content.error();
      items.push_back(input_message("user", std::move(*content)));
    } else if (const auto* given = std::get_if<tool_return_part>(&part)) {
      auto shown = show(*given);
      items.push_back(call_output(given->tool_call_id, std::move(shown.text)));
      files.insert(files.end(), shown.files.begin(), shown.files.end());
    } else if (const auto* retry = std::get_if<retry_prompt_part>(&part)) {
      items.push_back(retry->tool_name
                        ? call_output(retry->tool_call_id, text_of(*retry))
                        : input_message("user", text_of(*retry)));
    } else if (const auto* opaque = std::get_if<opaque_part>(&part)) {
      auto text = text_of(*opaque);
      if (!text)
        return failure{
          errc::invalid_argument,
          "the Responses API has no form for a part of kind `"
            + std::string{text_or_empty(opaque->value, "part_kind")} + "`"};
      items.push_back(input_message("user", std::move(*text)));
    }
  }
  // Results are text; what is in them is shown behind all of them.
  if (!files.empty()) {
    auto content = encode_files(files, options_.identity, encode_item);
    if (!content)
      return content.error();
    items.push_back(input_message("user", std::move(*content)));
  }
  return items;
}

std::vector<json>
responses_conversation::encode(const model_response& response) const {
  std::vector<json> items;
  const auto with_reasoning = sends_reasoning(response);
  const auto id_of = [&](const provider_data& from) {
    return is_stored_ && sends_ids_ && with_reasoning && from.id && is_own(from)
             ? &*from.id
             : nullptr;
  };
  // The provider knows them by their ids alone.
  const auto sends_native = is_stored_ && sends_ids_ && with_reasoning;
  for (const auto& part : response.parts) {
    if (const auto* said = std::get_if<text_part>(&part)) {
      if (!said->content.empty())
        add_text(items, said->content, id_of(said->provider));
    } else if (const auto* thought = std::get_if<thinking_part>(&part)) {
      if (!is_own(thought->provider)) {
        if (!thought->content.empty())
          add_text(items, tagged_thought(thought->content, options_.profile),
                   nullptr);
      } else if (with_reasoning && thought->provider.id) {
        add_reasoning(items, *thought);
      }
    } else if (const auto* call = std::get_if<tool_call_part>(&part)) {
      if (call->builtin) {
        if (sends_native && is_own(call->provider))
          if (auto item = native_item_of(*call); !item.is_null())
            items.push_back(std::move(item));
        continue;
      }
      items.push_back({{"type", "function_call"},
                       {"call_id", call->tool_call_id},
                       {"name", call->tool_name},
                       {"arguments", arguments_text(*call)}});
      if (const auto* id = id_of(call->provider))
        items.back()["id"] = *id;
    } else if (const auto* compact = std::get_if<compaction_part>(&part)) {
      if (is_own(compact->provider))
        if (auto item = compaction_item_of(*compact); !item.is_null())
          items.push_back(std::move(item));
    } else if (const auto* back
               = std::get_if<builtin_tool_return_part>(&part)) {
      if (sends_native && is_own(back->provider))
        finish_native_item(items, *back);
    }
  }
  return items;
}

bool responses_conversation::is_own(const provider_data& from) const {
  return from.provider_name == options_.identity.provider_name;
}

bool responses_conversation::sends_reasoning(
  const model_response& response) const {
  if (!sends_ids_)
    return false;
  std::string_view last_id;
  for (const auto& part : response.parts) {
    const auto* thought = std::get_if<thinking_part>(&part);
    if (thought == nullptr || !thought->provider.id
        || !is_own(thought->provider))
      continue;
    if (!options_.profile.supports_encrypted_thoughts)
      return false;
    // Where the provider keeps nothing, only what is encrypted means anything;
    // it is with the first part of an item.
    const auto is_first = *thought->provider.id != last_id;
    if (!is_stored_ && is_first && !thought->signature)
      return false;
    last_id = *thought->provider.id;
  }
  return true;
}

} // namespace perdure::runtime

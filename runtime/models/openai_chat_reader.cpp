#include "runtime/models/openai_chat_reader.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_error.hpp"
#include "runtime/models/wire_usage.hpp"

namespace perdure::runtime {

namespace {

constexpr std::string_view text_key = "content";
constexpr std::string_view thinking_key = "thinking";

void take_head(response_draft& draft, const json& value) {
  auto& response = draft.response;
  if (const auto id = text_or_empty(value, "id"); !id.empty())
    response.provider_response_id = std::string{id};
  if (const auto name = text_or_empty(value, "model"); !name.empty())
    response.model_name = std::string{name};
  if (const auto* created = find_value(value, "created"))
    note_created(draft, *created);
  if (const auto* counts = find_object(value, "usage"))
    response.usage = chat_usage(*counts);
}

void take_thinking(response_draft& draft, const json& said,
                   const delta_sink& sink) {
  for (const auto* field : {"reasoning_content", "reasoning"}) {
    const auto text = text_or_empty(said, field);
    if (text.empty())
      continue;
    // The id tells in which field it goes back.
    const provider_data provider{field, draft.identity.provider_name, {}};
    draft.parts.add_thinking(thinking_key, text, provider, sink);
    return;
  }
}

/// Some servers send content as an array of items.
void take_items(response_draft& draft, const json& items,
                const delta_sink& sink) {
  for (const auto& item : items) {
    const auto type = text_or_empty(item, "type");
    if (type == "thinking") {
      if (const auto* inner = find_array(item, "thinking"))
        for (const auto& piece : *inner)
          if (const auto text = text_or_empty(piece, "text"); !text.empty())
            draft.parts.add_thinking(thinking_key, text, {}, sink);
    } else if (type == "refusal") {
      draft.refusal += text_or_empty(item, "refusal");
    } else if (const auto text = text_or_empty(item, "text"); !text.empty()) {
      draft.parts.add_text(text_key, text, {}, sink);
    }
  }
}

/// A whole text that begins with thinking in tags is taken apart.
void take_whole_text(response_draft& draft, std::string_view text,
                     const delta_sink& sink) {
  const auto& open = draft.profile.thinking_open;
  const auto& close = draft.profile.thinking_close;
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text.substr(begin).starts_with(open))
    if (const auto end = text.find(close); end != std::string_view::npos) {
      const auto inner = begin + open.size();
      draft.parts.add_thinking(thinking_key, text.substr(inner, end - inner),
                               {}, sink);
      text.remove_prefix(end + close.size());
    }
  if (!text.empty())
    draft.parts.add_text(text_key, text, {}, sink);
}

/// Arguments as text or as an object; anything else goes on as its text, so
/// that the model is told what was wrong with it.
json args_of(const json* value) {
  if (value == nullptr || value->is_string() || value->is_object())
    return value == nullptr ? json{} : *value;
  return to_text(*value);
}

} // namespace

std::optional<attempt_failure>
chat_events::on_event(response_draft& draft, const json& event,
                      const delta_sink& sink) {
  take_head(draft, event);
  const auto* choices = find_array(event, "choices");
  if (choices == nullptr)
    return std::nullopt;
  for (const auto& choice : *choices) {
    if (find_integer(choice, "index").value_or(0) != 0)
      continue;
    const auto* said = find_object(choice, "delta");
    if (said == nullptr)
      said = find_object(choice, "message");
    static const json nothing = json::object();
    const auto& pieces = said == nullptr ? nothing : *said;
    if (auto reason = take_choice(draft, choice, pieces, sink))
      return reason;
    draft.parts.add_tagged_text(text_key, text_or_empty(pieces, "content"),
                                draft.profile, sink);
    if (const auto* items = find_array(pieces, "content"))
      take_items(draft, *items, sink);
    if (const auto* calls = find_array(pieces, "tool_calls"))
      for (const auto& call : *calls)
        take_call(draft, call, sink);
  }
  return std::nullopt;
}

std::optional<attempt_failure>
chat_events::on_body(response_draft& draft, const json& body,
                     const delta_sink& sink) {
  const auto wrong = [&](const char* what) {
    return bad_response(
      draft.identity.model_name,
      "the response is not a chat completion: " + std::string{what}, false);
  };
  const auto* choices = find_array(body, "choices");
  if (choices == nullptr)
    return wrong("`choices` is missing");
  if (choices->empty())
    return wrong("`choices` is empty");
  const auto& choice = choices->front();
  if (const auto* error = find_error(choice))
    return on_error(draft, *error, false, sink);
  const auto* said = find_object(choice, "message");
  if (said == nullptr)
    return wrong("`choices[0].message` is missing");
  take_head(draft, body);
  if (auto reason = take_choice(draft, choice, *said, sink))
    return reason;
  take_whole_text(draft, text_or_empty(*said, "content"), sink);
  if (const auto* items = find_array(*said, "content"))
    take_items(draft, *items, sink);
  if (const auto* calls = find_array(*said, "tool_calls"))
    for (const auto& call : *calls) {
      call_keys_.clear(); // every entry is a call of its own
      last_call_key_.clear();
      take_call(draft, call, sink);
    }
  if (draft.raw_finish.empty())
    draft.raw_finish = "stop"; // some gateways leave it out
  return std::nullopt;
}

std::optional<attempt_failure>
chat_events::on_error(response_draft& draft, const json& error, bool is_stream,
                      const delta_sink& sink) {
  // The server refused a tool call that the model made, and says which: the
  // model is better told what is wrong with it than asked again.
  if (text_or_empty(error, "code") == "tool_use_failed") {
    const auto made
      = parse_or_discard(text_or_empty(error, "failed_generation"));
    const auto name = text_or_empty(made, "name");
    if (!name.empty()) {
      draft.parts.add_call(
        "failed", {name, {}, args_of(find_value(made, "arguments")), {}}, sink);
      draft.raw_finish = "tool_use_failed";
      draft.is_done = true;
      has_choice_ = true;
      return std::nullopt;
    }
  }
  return wire_events::on_error(draft, error, is_stream, sink);
}

std::optional<attempt_failure> chat_events::on_end(response_draft& draft) {
  const auto& model_name = draft.identity.model_name;
  if (draft.raw_finish.empty() && !draft.is_done)
    return bad_response(model_name, "the stream ended early", true);
  if (!has_choice_)
    return bad_response(model_name, "the stream held no `choices`", true);
  if (draft.raw_finish.empty())
    draft.raw_finish = "stop";
  return std::nullopt;
}

finish_reason chat_events::meaning(std::string_view raw) const {
  if (raw == "stop")
    return finish_reason::stop;
  if (raw == "length")
    return finish_reason::length;
  if (raw == "tool_calls" || raw == "function_call" || raw == "tool_use_failed")
    return finish_reason::tool_call;
  if (raw == "content_filter")
    return finish_reason::content_filter;
  if (raw == "error")
    return finish_reason::error;
  return finish_reason::none;
}

std::optional<attempt_failure>
chat_events::take_choice(response_draft& draft, const json& choice,
                         const json& said, const delta_sink& sink) {
  if (const auto* error = find_error(choice))
    return on_error(draft, *error, true, sink);
  has_choice_ = true;
  if (const auto raw = text_or_empty(choice, "finish_reason"); !raw.empty())
    draft.raw_finish = raw;
  draft.refusal += text_or_empty(said, "refusal");
  take_thinking(draft, said, sink);
  return std::nullopt;
}

void chat_events::take_call(response_draft& draft, const json& call,
                            const delta_sink& sink) {
  static const json nothing = json::object();
  const auto* found = find_object(call, "function");
  const auto& function = found == nullptr ? nothing : *found;
  draft.parts.add_call(key_of_call(call),
                       {text_or_empty(function, "name"),
                        text_or_empty(call, "id"),
                        args_of(find_value(function, "arguments")),
                        {}},
                       sink);
}

std::string chat_events::key_of_call(const json& call) {
  const auto index = find_integer(call, "index");
  const std::string id{text_or_empty(call, "id")};
  const auto* function = find_object(call, "function");
  const auto is_named
    = function != nullptr && !text_or_empty(*function, "name").empty();
  const auto open_new = [&] {
    last_call_key_ = "call " + std::to_string(call_count_++);
    if (!id.empty())
      call_ids_[last_call_key_] = id;
    return last_call_key_;
  };
  if (!index) {
    // Without an index a name begins a call and anything else goes on with it.
    const auto is_same = !id.empty() && call_ids_[last_call_key_] == id;
    const auto is_new = last_call_key_.empty() || (is_named && !is_same);
    return is_new ? open_new() : last_call_key_;
  }
  const auto known = call_keys_.find(*index);
  if (known != call_keys_.end()) {
    auto& known_id = call_ids_[known->second];
    // Some servers give all calls the same index and tell them apart by id.
    const auto is_other
      = is_named && !id.empty() && !known_id.empty() && known_id != id;
    if (!is_other)
      return known->second;
  }
  return call_keys_[*index] = open_new();
}

usage chat_usage(const json& value) {
  return usage_of(value,
                  {"prompt_tokens", "completion_tokens",
                   "prompt_tokens_details", "completion_tokens_details"});
}

} // namespace perdure::runtime

#include "runtime/models/anthropic_reader.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_error.hpp"

namespace perdure::runtime {

namespace {

constexpr std::string_view result_suffix = "_tool_result";

provider_data own(const response_draft& draft) {
  return {{}, draft.identity.provider_name, {}};
}

/// The provider runs code by several tools, which are one kind here.
bool is_code_tool(std::string_view name) {
  return name == "bash_code_execution" || name == "text_editor_code_execution";
}

/// What has to go back as it came, besides the call: which tool runs the code,
/// and which one made the call.
void note_origin(provider_data& data, const json& block,
                 std::string_view name) {
  if (is_code_tool(name))
    data.provider_details["anthropic_tool_name"] = name;
  const auto* caller = find_object(block, "caller");
  if (caller != nullptr && text_or_empty(*caller, "type") != "direct")
    data.provider_details["anthropic_caller"] = *caller;
}

/// What the model is told of a call that the provider runs itself.
call_piece builtin_call(const response_draft& draft, const json& block,
                        std::string_view type) {
  const auto name = text_or_empty(block, "name");
  call_piece piece{is_code_tool(name) ? "code_execution" : name,
                   text_or_empty(block, "id"),
                   {},
                   own(draft)};
  piece.builtin = true;
  if (type == "server_tool_use") {
    note_origin(piece.provider, block, name);
    return piece;
  }
  auto& details = piece.provider.provider_details;
  details["block_type"] = type;
  details["server_name"] = text_or_empty(block, "server_name");
  return piece;
}

builtin_tool_return_part
builtin_return(const response_draft& draft, const json& block,
               std::string_view type) {
  builtin_tool_return_part part;
  const auto name = type.substr(0, type.size() - result_suffix.size());
  part.tool_name = is_code_tool(name) ? "code_execution" : name;
  part.tool_call_id = text_or_empty(block, "tool_use_id");
  if (const auto* content = find_value(block, "content"))
    part.content = *content;
  part.provider = own(draft);
  note_origin(part.provider, block, name);
  if (type == "mcp_tool_result")
    part.provider.provider_details["block_type"] = type;
  return part;
}

/// A block as it begins, or whole.
void begin_block(response_draft& draft, const std::string& key,
                 const json& block, bool is_whole, const delta_sink& sink) {
  auto& parts = draft.parts;
  const auto type = text_or_empty(block, "type");
  const auto* input = find_object(block, "input");
  // In a stream an empty input stands for one that is still to come.
  const auto has_input = input != nullptr && (is_whole || !input->empty());
  if (type == "text") {
    parts.add_text(key, text_or_empty(block, "text"), {}, sink);
  } else if (type == "thinking") {
    parts.add_thinking(key, text_or_empty(block, "thinking"), own(draft), sink);
    if (const auto sign = text_or_empty(block, "signature"); !sign.empty())
      parts.sign(key, sign, sink);
  } else if (type == "redacted_thinking") {
    auto from = own(draft);
    from.id = "redacted_thinking";
    parts.add_thinking(key, {}, from, sink);
    parts.sign(key, text_or_empty(block, "data"), sink);
  } else if (type == "tool_use") {
    parts.add_call(key,
                   {text_or_empty(block, "name"),
                    text_or_empty(block, "id"),
                    has_input ? *input : json{},
                    {}},
                   sink);
  } else if (type == "server_tool_use" || type == "mcp_tool_use") {
    auto piece = builtin_call(draft, block, type);
    if (has_input)
      piece.args = *input;
    parts.add_call(key, std::move(piece), sink);
  } else if (type.ends_with(result_suffix)) {
    parts.add_part(key, builtin_return(draft, block, type), sink);
  } else if (type == "compaction" && is_whole) {
    parts.add_part(
      key,
      compaction_part{std::string{text_or_empty(block, "content")}, own(draft)},
      sink);
  }
}

void grow_block(response_draft& draft, const std::string& key,
                const json& delta, const delta_sink& sink) {
  auto& parts = draft.parts;
  const auto type = text_or_empty(delta, "type");
  if (type == "text_delta") {
    parts.add_text(key, text_or_empty(delta, "text"), {}, sink);
  } else if (type == "thinking_delta") {
    parts.add_thinking(key, text_or_empty(delta, "thinking"), own(draft), sink);
  } else if (type == "signature_delta") {
    parts.sign(key, text_or_empty(delta, "signature"), sink);
  } else if (type == "input_json_delta") {
    const auto text = text_or_empty(delta, "partial_json");
    // Ahead of its block it has no place.
    if (text.empty() || parts.find(key) == nullptr)
      return;
    call_piece piece;
    piece.args = text;
    parts.add_call(key, std::move(piece), sink);
  } else if (type == "compaction_delta") {
    parts.add_part(
      key,
      compaction_part{std::string{text_or_empty(delta, "content")}, own(draft)},
      sink);
  }
}

} // namespace

std::optional<attempt_failure>
anthropic_events::on_event(response_draft& draft, const json& event,
                           const delta_sink& sink) {
  const auto type = text_or_empty(event, "type");
  const auto key = std::to_string(find_integer(event, "index").value_or(0));
  if (type == "message_start") {
    if (const auto* message = find_object(event, "message"))
      take_head(draft, *message);
  } else if (type == "content_block_start") {
    if (const auto* block = find_object(event, "content_block"))
      begin_block(draft, key, *block, false, sink);
  } else if (type == "content_block_delta") {
    if (const auto* delta = find_object(event, "delta"))
      grow_block(draft, key, *delta, sink);
  } else if (type == "content_block_stop") {
    draft.parts.end(key, sink);
  } else if (type == "message_delta") {
    if (const auto* delta = find_object(event, "delta"))
      take_stop(draft, *delta);
    if (const auto* counts = find_object(event, "usage"))
      take_usage(draft, *counts);
  } else if (type == "message_stop") {
    has_ended_ = true;
  }
  return std::nullopt;
}

std::optional<attempt_failure>
anthropic_events::on_body(response_draft& draft, const json& body,
                          const delta_sink& sink) {
  const auto* content = find_array(body, "content");
  if (content == nullptr)
    return bad_response(draft.identity.model_name,
                        "the response is not one of the Messages API: "
                        "`content` is missing",
                        false);
  take_head(draft, body);
  take_stop(draft, body);
  for (std::size_t i = 0; i < content->size(); ++i) {
    const auto key = std::to_string(i);
    begin_block(draft, key, (*content)[i], true, sink);
    draft.parts.end(key, sink);
  }
  return std::nullopt;
}

std::optional<attempt_failure> anthropic_events::on_end(response_draft& draft) {
  // Some proxies leave the last event out.
  if (!has_ended_ && draft.raw_finish.empty())
    return bad_response(draft.identity.model_name, "the stream ended early",
                        true);
  return std::nullopt;
}

finish_reason anthropic_events::meaning(std::string_view raw) const {
  if (raw == "end_turn" || raw == "stop_sequence" || raw == "compaction")
    return finish_reason::stop;
  if (raw == "max_tokens" || raw == "model_context_window_exceeded")
    return finish_reason::length;
  if (raw == "tool_use")
    return finish_reason::tool_call;
  return raw == "refusal" ? finish_reason::content_filter : finish_reason::none;
}

void anthropic_events::take_head(response_draft& draft, const json& message) {
  auto& response = draft.response;
  if (const auto id = text_or_empty(message, "id"); !id.empty())
    response.provider_response_id = std::string{id};
  if (const auto name = text_or_empty(message, "model"); !name.empty())
    response.model_name = std::string{name};
  if (const auto* counts = find_object(message, "usage"))
    take_usage(draft, *counts);
}

void anthropic_events::take_usage(response_draft& draft, const json& counts) {
  for (const auto& [key, count] : counts.items())
    if (count.is_number_integer() && count.get<std::int64_t>() >= 0)
      counts_[key] = count;
  if (const auto* server = find_object(counts, "server_tool_use"))
    for (const auto& [key, count] : server->items())
      if (count.is_number_integer())
        counts_[key] = count;
  const auto count
    = [&](const char* key) { return find_integer(counts_, key).value_or(0); };
  auto& usage = draft.response.usage;
  usage.cache_read_tokens = count("cache_read_input_tokens");
  usage.cache_write_tokens = count("cache_creation_input_tokens");
  usage.input_tokens = count("input_tokens") + usage.cache_read_tokens
                       + usage.cache_write_tokens;
  usage.output_tokens = count("output_tokens");
  usage.details = counts_;
}

void anthropic_events::take_stop(response_draft& draft, const json& value) {
  auto& response = draft.response;
  if (const auto raw = text_or_empty(value, "stop_reason"); !raw.empty())
    draft.raw_finish = raw;
  if (draft.raw_finish == "pause_turn")
    response.state = message_state::suspended;
  if (const auto* details = find_object(value, "stop_details"))
    response.provider_details["stop_details"] = *details;
  if (const auto* container = find_object(value, "container"))
    if (const auto id = text_or_empty(*container, "id"); !id.empty())
      response.provider_details["container_id"] = id;
}

} // namespace perdure::runtime

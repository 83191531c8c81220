#include "runtime/messages/history_json.hpp"

#include "runtime/messages/content_items.hpp"

namespace perdure::runtime {

namespace {

/// Writes the fields of one object. Fields that loading requires are written
/// in both styles, all others only in the full style or when they say
/// something.
class field_writer {
public:
  explicit field_writer(json_style style) : full_(style == json_style::full) {
    // nop
  }

  void required(const char* key, json value) {
    out_[key] = std::move(value);
  }

  void text(const char* key, const std::string& value) {
    if (full_ || !value.empty())
      out_[key] = value;
  }

  void text(const char* key, const optional_text& value) {
    if (value)
      out_[key] = *value;
    else if (full_)
      out_[key] = nullptr;
  }

  void value(const char* key, const json& value) {
    if (full_ || !value.is_null())
      out_[key] = value;
  }

  /// A time of zero stands for one that is not known. The full style has no
  /// null here, so that it is written as the epoch.
  void time(const char* key, timestamp value) {
    if (full_ || value != timestamp{})
      out_[key] = to_iso(value);
  }

  void count(const char* key, std::int64_t value) {
    if (full_ || value != 0)
      out_[key] = value;
  }

  /// An enum whose value 0 is the default.
  template <class Enum>
  void name(const char* key, Enum value) {
    if (full_ || value != Enum{})
      out_[key] = std::string{to_string(value)};
  }

  void provider(const provider_data& data, bool with_id = true) {
    if (with_id)
      text("id", data.id);
    text("provider_name", data.provider_name);
    value("provider_details", data.provider_details);
  }

  item_fields fields() const noexcept {
    return full_ ? item_fields::all : item_fields::as_they_are;
  }

  bool full() const noexcept {
    return full_;
  }

  json take(const json& extra) {
    if (extra.is_object())
      for (const auto& [key, value] : extra.items())
        out_[key] = value;
    return std::move(out_);
  }

private:
  bool full_;
  json out_ = json::object();
};

// -- parts --------------------------------------------------------------------

json write(field_writer out, const system_prompt_part& part) {
  out.required("part_kind", "system-prompt");
  out.required("content", part.content);
  out.time("timestamp", part.time);
  out.text("dynamic_ref", part.dynamic_ref);
  return out.take(part.extra);
}

json write(field_writer out, const user_prompt_part& part) {
  out.required("part_kind", "user-prompt");
  out.required("content", written_user_content(part.content, out.fields()));
  out.time("timestamp", part.time);
  return out.take(part.extra);
}

/// The fields that both kinds of tool results have.
template <class Part>
void write_result(field_writer& out, const Part& part) {
  out.required("tool_name", part.tool_name);
  out.required("content", written_tool_content(part.content));
  out.text("tool_call_id", part.tool_call_id);
  out.text("tool_kind", part.tool_kind);
  out.value("metadata", part.metadata);
  out.time("timestamp", part.time);
  out.name("outcome", part.outcome);
}

json write(field_writer out, const tool_return_part& part) {
  out.required("part_kind", "tool-return");
  write_result(out, part);
  return out.take(part.extra);
}

json write(field_writer out, const retry_prompt_part& part) {
  out.required("part_kind", "retry-prompt");
  out.required("content", part.content);
  out.text("tool_name", part.tool_name);
  out.text("tool_call_id", part.tool_call_id);
  out.time("timestamp", part.time);
  return out.take(part.extra);
}

json write(field_writer out, const tool_availability_part& part) {
  out.required("part_kind", "tool-availability-delta");
  out.required("tools_added", part.tools_added);
  out.text("tool_call_id", part.tool_call_id);
  return out.take(part.extra);
}

json write(const field_writer&, const opaque_part& part) {
  return part.value;
}

json write(field_writer out, const text_part& part) {
  out.required("part_kind", "text");
  out.required("content", part.content);
  out.provider(part.provider);
  return out.take(part.extra);
}

json write(field_writer out, const thinking_part& part) {
  out.required("part_kind", "thinking");
  out.required("content", part.content);
  out.text("signature", part.signature);
  out.provider(part.provider);
  return out.take(part.extra);
}

json write(field_writer out, const tool_call_part& part) {
  out.required("part_kind", part.builtin ? "builtin-tool-call" : "tool-call");
  out.required("tool_name", part.tool_name);
  out.value("args", part.args);
  out.text("tool_call_id", part.tool_call_id);
  out.text("tool_kind", part.tool_kind);
  out.provider(part.provider);
  return out.take(part.extra);
}

json write(field_writer out, const builtin_tool_return_part& part) {
  out.required("part_kind", "builtin-tool-return");
  write_result(out, part);
  out.provider(part.provider, false);
  return out.take(part.extra);
}

json write(field_writer out, const file_part& part) {
  out.required("part_kind", "file");
  out.required("content", written_user_content(part.content, out.fields()));
  out.provider(part.provider);
  return out.take(part.extra);
}

json write(field_writer out, const compaction_part& part) {
  out.required("part_kind", "compaction");
  out.text("content", part.content);
  out.provider(part.provider);
  return out.take(part.extra);
}

// -- usage and messages -------------------------------------------------------

void write_usage(field_writer& out, const usage& value) {
  out.count("input_tokens", value.input_tokens);
  out.count("cache_write_tokens", value.cache_write_tokens);
  out.count("cache_read_tokens", value.cache_read_tokens);
  out.count("output_tokens", value.output_tokens);
  out.count("input_audio_tokens", value.input_audio_tokens);
  out.count("cache_audio_read_tokens", value.cache_audio_read_tokens);
  out.count("output_audio_tokens", value.output_audio_tokens);
  if (!value.details.is_null() && !value.details.empty())
    out.required("details", value.details);
  else if (out.full())
    out.required("details", json::object());
  out.text("cost", value.cost);
}

template <class Part>
json write_parts(const std::vector<Part>& parts, json_style style) {
  auto result = json::array();
  for (const auto& part : parts)
    result.push_back(to_json(part, style));
  return result;
}

json write(const model_request& value, json_style style) {
  field_writer out{style};
  out.required("kind", "request");
  out.required("parts", write_parts(value.parts, style));
  if (value.time)
    out.required("timestamp", to_iso(*value.time));
  else
    out.value("timestamp", nullptr);
  out.text("instructions", value.instructions);
  out.text("run_id", value.run_id);
  out.text("conversation_id", value.conversation_id);
  out.value("metadata", value.metadata);
  out.name("state", value.state);
  return out.take(value.extra);
}

json write(const model_response& value, json_style style) {
  field_writer out{style};
  out.required("kind", "response");
  out.required("parts", write_parts(value.parts, style));
  if (auto used = to_json(value.usage, style); out.full() || !used.empty())
    out.required("usage", std::move(used));
  out.text("model_name", value.model_name);
  out.text("provider_name", value.provider_name);
  out.text("provider_url", value.provider_url);
  out.time("timestamp", value.time);
  out.value("provider_details", value.provider_details);
  out.text("provider_response_id", value.provider_response_id);
  if (value.finish_reason == finish_reason::none)
    out.value("finish_reason", nullptr);
  else
    out.name("finish_reason", value.finish_reason);
  out.text("run_id", value.run_id);
  out.text("conversation_id", value.conversation_id);
  out.value("metadata", value.metadata);
  out.name("state", value.state);
  return out.take(value.extra);
}

} // namespace

json to_json(const request_part& part, json_style style) {
  return std::visit(
    [&](const auto& value) { return write(field_writer{style}, value); }, part);
}

json to_json(const response_part& part, json_style style) {
  return std::visit(
    [&](const auto& value) { return write(field_writer{style}, value); }, part);
}

json to_json(const usage& value, json_style style) {
  field_writer out{style};
  write_usage(out, value);
  return out.take(value.extra);
}

json to_json(const run_usage& value) {
  field_writer out{json_style::full};
  out.count("requests", value.requests);
  out.count("tool_calls", value.tool_calls);
  write_usage(out, value);
  return out.take(value.extra);
}

json to_json(const message& value, json_style style) {
  return std::visit([&](const auto& content) { return write(content, style); },
                    value);
}

json to_json(const message_history& value, json_style style) {
  auto result = json::array();
  for (const auto& item : value)
    result.push_back(to_json(*item, style));
  return result;
}

std::string_view to_string(finish_reason value) noexcept {
  switch (value) {
    case finish_reason::none:
      return "";
    case finish_reason::stop:
      return "stop";
    case finish_reason::length:
      return "length";
    case finish_reason::content_filter:
      return "content_filter";
    case finish_reason::tool_call:
      return "tool_call";
    case finish_reason::error:
      return "error";
  }
  return "";
}

std::string_view to_string(tool_outcome value) noexcept {
  switch (value) {
    case tool_outcome::success:
      return "success";
    case tool_outcome::failed:
      return "failed";
    case tool_outcome::denied:
      return "denied";
    case tool_outcome::interrupted:
      return "interrupted";
    case tool_outcome::retried:
      return "retried";
  }
  return "";
}

std::string_view to_string(message_state value) noexcept {
  switch (value) {
    case message_state::complete:
      return "complete";
    case message_state::interrupted:
      return "interrupted";
    case message_state::incomplete:
      return "incomplete";
    case message_state::suspended:
      return "suspended";
  }
  return "";
}

} // namespace perdure::runtime

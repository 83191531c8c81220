#include "runtime/models/google_contents.hpp"

#include "runtime/messages/model_text.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/tool_files.hpp"
#include "runtime/models/wire_settings.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

/// Stands for the signature of a call that another model made.
constexpr std::string_view no_signature = "skip_thought_signature_validator";

json content(const char* role, json parts) {
  return {{"role", role}, {"parts", std::move(parts)}};
}

result<json> item_part(const user_item& item, const model_identity& to) {
  if (item.kind == "text")
    return google_text(item.text);
  if (item.kind == "binary")
    return json{
      {"inlineData", {{"mimeType", item.media_type}, {"data", item.data}}}};
  const auto is_upload
    = item.kind == "uploaded-file"
      && (item.provider_name == to.provider_name
          || item.provider_name.starts_with(to.provider_name + "-"));
  if (!is_upload && !item.kind.ends_with("-url"))
    return unsendable(item, "Gemini");
  json file{{"fileUri", is_upload ? item.file_id : item.url}};
  if (const auto type = item.type(); !type.empty())
    file["mimeType"] = type;
  return json{{"fileData", std::move(file)}};
}

json function_response(const std::string& id, const std::string& name,
                       json response) {
  return {{"functionResponse",
           {{"id", id}, {"name", name}, {"response", std::move(response)}}}};
}

/// The API wants an object.
json response_of(const tool_return_part& part, const shown_result& shown) {
  if (part.outcome == tool_outcome::failed)
    return {{"error", part.content.is_string() ? part.content.get<std::string>()
                                               : shown.text}};
  if (part.content.is_object() && shown.files.empty())
    return part.content;
  if (part.content.is_string() || part.content.is_null()
      || !shown.files.empty())
    return {{"return_value", shown.text}};
  return {{"return_value", part.content}};
}

class request_contents {
public:
  explicit request_contents(const model_identity& to) : to_(to) {
    // nop
  }

  result<unit> add(const request_part& part) {
    return std::visit([this](const auto& x) { return add(x); }, part);
  }

  std::vector<json> take() {
    std::vector<json> contents;
    for (auto* parts : {&results_, &said_})
      if (!parts->empty())
        contents.push_back(content("user", std::move(*parts)));
    return contents;
  }

private:
  result<unit> add(const system_prompt_part& part) {
    said_.push_back(google_text("<system>" + part.content + "</system>"));
    return ok();
  }

  result<unit> add(const user_prompt_part& part) {
    const auto items = read_user_content(part.content);
    if (!items)
      return items.error();
    for (const auto& item : *items)
      if (item.kind != "cache-point")
        if (auto added = add(item); !added)
          return added;
    return ok();
  }

  result<unit> add(const tool_return_part& part) {
    const auto shown = show(part);
    results_.push_back(function_response(part.tool_call_id, part.tool_name,
                                         response_of(part, shown)));
    for (const auto& file : shown.files) {
      said_.push_back(google_text(introduction(file)));
      if (auto added = add(file); !added)
        return added;
    }
    return ok();
  }

  result<unit> add(const retry_prompt_part& part) {
    if (part.tool_name)
      results_.push_back(function_response(part.tool_call_id, *part.tool_name,
                                           {{"error", text_of(part)}}));
    else
      said_.push_back(google_text(text_of(part)));
    return ok();
  }

  result<unit> add(const tool_availability_part&) {
    return ok();
  }

  result<unit> add(const opaque_part& part) {
    if (const auto text = text_of(part)) {
      said_.push_back(google_text(*text));
      return ok();
    }
    return failure{errc::invalid_argument,
                   "the Gemini API has no form for a part of kind `"
                     + std::string{text_or_empty(part.value, "part_kind")}
                     + "`"};
  }

  result<unit> add(const user_item& item) {
    auto part = item_part(item, to_);
    if (!part)
      return part.error();
    said_.push_back(std::move(*part));
    return ok();
  }

  const model_identity& to_;
  json results_ = json::array();
  json said_ = json::array();
};

class response_content {
public:
  response_content(bool is_own, const model_profile& profile)
    : is_own_(is_own), profile_(profile) {
    // nop
  }

  json parts = json::array();

  void operator()(const text_part& part) {
    if (!part.content.empty() || !signature_of(part.provider).empty())
      add(google_text(part.content), part.provider);
  }

  void operator()(const thinking_part& part) {
    if (!is_own_) {
      if (!part.content.empty() && profile_.thoughts != thoughts_return::never)
        parts.push_back(google_text(tagged_thought(part.content, profile_)));
      return;
    }
    if (!part.content.empty()) {
      auto thought = google_text(part.content);
      thought["thought"] = true;
      add(std::move(thought), part.provider);
    }
    // It belongs to the part that the thought led to.
    if (part.signature)
      carried_ = *part.signature;
  }

  void operator()(const tool_call_part& part) {
    const auto args = parse_or_discard(arguments_text(part));
    if (part.builtin) {
      if (is_own_ && part.tool_name == "code_execution")
        add({{"executableCode", args}}, part.provider);
      else if (const auto type = native_type(part.tool_name, part.tool_call_id);
               !type.empty())
        add({{"toolCall",
              {{"id", part.tool_call_id}, {"toolType", type}, {"args", args}}}},
            part.provider);
      return;
    }
    json call{
      {"functionCall",
       {{"id", part.tool_call_id}, {"name", part.tool_name}, {"args", args}}}};
    // Of parallel calls the first one is signed.
    const auto is_first = !std::exchange(has_call_, true);
    add(std::move(call), part.provider);
    if (is_first && profile_.wants_signed_calls
        && !parts.back().contains("thoughtSignature"))
      parts.back()["thoughtSignature"] = no_signature;
  }

  void operator()(const builtin_tool_return_part& part) {
    if (is_own_ && part.tool_name == "code_execution")
      add({{"codeExecutionResult", part.content}}, part.provider);
    else if (const auto type = native_type(part.tool_name, part.tool_call_id);
             !type.empty())
      add({{"toolResponse",
            {{"id", part.tool_call_id},
             {"toolType", type},
             {"response", part.content.is_object()
                            ? part.content
                            : json{{"result", part.content}}}}}},
          part.provider);
  }

  void operator()(const file_part& part) {
    if (const auto file = read_file(part.content))
      add({{"inlineData",
            {{"mimeType", file->media_type}, {"data", file->data}}}},
          part.provider);
  }

  void operator()(const compaction_part&) {
    // Made by another provider.
  }

  void operator()(const opaque_part&) {
    // Of another version; what it would mean here is not known.
  }

private:
  /// The API's name of a native tool; empty when it is not to be told of it. It
  /// knows the ids of its own calls, and none that were made up for it.
  [[nodiscard]] std::string_view
  native_type(std::string_view kind, std::string_view id) const {
    if (!is_own_ || !profile_.shows_native_calls || id.starts_with("pyd_ai_"))
      return {};
    if (kind == "web_search")
      return "GOOGLE_SEARCH_WEB";
    if (kind == "web_fetch")
      return "URL_CONTEXT";
    return kind == "file_search" ? "FILE_SEARCH" : std::string_view{};
  }

  [[nodiscard]] std::string_view signature_of(const provider_data& from) const {
    return is_own_ ? text_or_empty(from.provider_details, "thought_signature")
                   : std::string_view{};
  }

  void add(json part, const provider_data& from) {
    const auto carried = std::exchange(carried_, {});
    if (const auto own = signature_of(from); !own.empty())
      part["thoughtSignature"] = own;
    else if (!carried.empty())
      part["thoughtSignature"] = carried;
    parts.push_back(std::move(part));
  }

  bool is_own_;
  const model_profile& profile_;
  bool has_call_ = false;
  std::string carried_;
};

} // namespace

json google_text(std::string_view text) {
  return {{"text", text}};
}

result<std::vector<json>>
contents_of(const std::vector<const request_part*>& parts,
            const model_identity& to) {
  request_contents made{to};
  for (const auto* part : parts)
    if (auto added = made.add(*part); !added)
      return added.error();
  return made.take();
}

std::vector<json>
contents_of(const model_response& response, const model_identity& to,
            const model_profile& profile) {
  response_content made{response.provider_name == to.provider_name, profile};
  for (const auto& part : response.parts)
    std::visit(made, part);
  if (made.parts.empty())
    return {};
  return {content("model", std::move(made.parts))};
}

} // namespace perdure::runtime

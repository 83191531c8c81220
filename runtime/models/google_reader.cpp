#include "runtime/models/google_reader.hpp"

#include "runtime/messages/content_items.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace perdure::runtime {

namespace {

constexpr std::string_view text_key = "text";
constexpr std::string_view thinking_key = "thought";

constexpr auto filtered = std::to_array<std::string_view>(
  {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
   "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
   "MODEL_ARMOR"});

constexpr auto mistaken = std::to_array<std::string_view>(
  {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "LANGUAGE", "NO_IMAGE",
   "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"});

/// The API's names of native tools, and ours.
constexpr auto native_kinds
  = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"GOOGLE_SEARCH_WEB", "web_search"},
     {"URL_CONTEXT", "web_fetch"},
     {"FILE_SEARCH", "file_search"}});

std::string_view native_kind(const json& part) {
  const auto type = text_or_empty(part, "toolType");
  for (const auto& [theirs, ours] : native_kinds)
    if (type == theirs)
      return ours;
  return type;
}

/// A search or a fetch that the metadata of an answer tells of.
struct native_use {
  std::string_view kind;
  json args;
  json content;
};

/// Those under `key` of the chunks that an answer is grounded on.
json grounds(const json& metadata, const char* key) {
  auto out = json::array();
  if (const auto* chunks = find_array(metadata, "groundingChunks"))
    for (const auto& chunk : *chunks)
      if (const auto* ground = find_object(chunk, key))
        out.push_back(*ground);
  return out;
}

std::vector<native_use> uses_of(const json& candidate) {
  std::vector<native_use> uses;
  if (const auto* context = find_object(candidate, "urlContextMetadata"))
    if (const auto* fetched = find_array(*context, "urlMetadata");
        fetched != nullptr && !fetched->empty()) {
      auto urls = json::array();
      for (const auto& one : *fetched)
        if (const auto* url = find_text(one, "retrievedUrl"))
          urls.push_back(*url);
      uses.push_back({"web_fetch", {{"urls", std::move(urls)}}, *fetched});
    }
  const auto* metadata = find_object(candidate, "groundingMetadata");
  if (metadata == nullptr)
    return uses;
  if (auto found = grounds(*metadata, "retrievedContext"); !found.empty())
    uses.push_back({"file_search", json::object(), std::move(found)});
  if (const auto* queries = find_array(*metadata, "webSearchQueries");
      queries != nullptr && !queries->empty())
    uses.push_back(
      {"web_search", {{"queries", *queries}}, grounds(*metadata, "web")});
  return uses;
}

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Counts by modality: `{modality}_{part}_tokens`.
void add_details(json& details, const json& counts, const char* key,
                 const std::string& part) {
  const auto* list = find_array(counts, key);
  if (list == nullptr)
    return;
  for (const auto& item : *list) {
    std::string name{text_or_empty(item, "modality")};
    std::transform(
      name.begin(), name.end(), name.begin(),
      [](unsigned char sign) { return static_cast<char>(std::tolower(sign)); });
    if (const auto count = find_integer(item, "tokenCount"))
      details[name + "_" + part + "_tokens"] = *count;
  }
}

} // namespace

std::optional<attempt_failure>
google_events::on_event(response_draft& draft, const json& event,
                        const delta_sink& sink) {
  auto& response = draft.response;
  if (const auto id = text_or_empty(event, "responseId"); !id.empty())
    response.provider_response_id = std::string{id};
  if (const auto name = text_or_empty(event, "modelVersion"); !name.empty())
    response.model_name = std::string{name};
  // Each one counts all that came before.
  if (const auto* counts = find_object(event, "usageMetadata"))
    response.usage = google_usage(*counts);
  if (const auto* feedback = find_object(event, "promptFeedback"))
    if (const auto why = text_or_empty(*feedback, "blockReason");
        !why.empty()) {
      is_blocked_ = true;
      draft.raw_finish = why;
      response.provider_details["block_reason"] = why;
      if (const auto* ratings = find_array(*feedback, "safetyRatings"))
        response.provider_details["safety_ratings"] = *ratings;
    }
  if (const auto* candidates = find_array(event, "candidates"))
    for (const auto& candidate : *candidates)
      if (find_integer(candidate, "index").value_or(0) == 0)
        take_candidate(draft, candidate, sink);
  return std::nullopt;
}

std::optional<attempt_failure>
google_events::on_body(response_draft& draft, const json& body,
                       const delta_sink& sink) {
  const auto* candidates = find_array(body, "candidates");
  const auto has_answer = candidates != nullptr && !candidates->empty();
  if (!has_answer && find_object(body, "promptFeedback") == nullptr)
    return bad_response(draft.identity.model_name,
                        "the response is not one of the Gemini API: "
                        "`candidates` is missing",
                        false);
  if (auto reason = on_event(draft, body, sink))
    return reason;
  if (draft.raw_finish.empty())
    draft.raw_finish = "STOP";
  return std::nullopt;
}

std::optional<attempt_failure> google_events::on_end(response_draft& draft) {
  if (draft.raw_finish.empty())
    return bad_response(draft.identity.model_name, "the stream ended early",
                        true);
  return std::nullopt;
}

finish_reason google_events::meaning(std::string_view raw) const {
  if (is_blocked_ || holds(filtered, raw))
    return finish_reason::content_filter;
  if (raw == "STOP")
    return finish_reason::stop;
  if (raw == "MAX_TOKENS")
    return finish_reason::length;
  return holds(mistaken, raw) ? finish_reason::error : finish_reason::none;
}

void google_events::take_candidate(response_draft& draft, const json& candidate,
                                   const delta_sink& sink) {
  if (const auto* content = find_object(candidate, "content"))
    if (const auto* parts = find_array(*content, "parts"))
      for (const auto& part : *parts)
        take_part(draft, part, sink);
  if (const auto raw = text_or_empty(candidate, "finishReason"); !raw.empty())
    draft.raw_finish = raw;
  auto& details = draft.response.provider_details;
  if (const auto* ratings = find_array(candidate, "safetyRatings"))
    details["safety_ratings"] = *ratings;
  if (const auto* sources = find_object(candidate, "groundingMetadata"))
    details["grounding_metadata"] = *sources;
  // Newer models tell of each call by itself.
  if (!shows_native_calls_)
    take_uses(draft, candidate, sink);
}

void google_events::take_uses(response_draft& draft, const json& candidate,
                              const delta_sink& sink) {
  for (auto& use : uses_of(candidate)) {
    // Metadata may come again with every chunk.
    if (!seen_uses_.insert(std::string{use.kind}).second)
      continue;
    const provider_data from{{}, draft.identity.provider_name, {}};
    const auto id = draft.parts.new_id();
    const auto key = "use " + std::string{use.kind};
    call_piece piece{use.kind, id, std::move(use.args), from};
    piece.builtin = true;
    draft.parts.add_call(key, std::move(piece), sink);
    draft.parts.end(key, sink);
    builtin_tool_return_part made;
    made.tool_name = use.kind;
    made.tool_call_id = id;
    made.content = std::move(use.content);
    made.provider = from;
    draft.parts.add_part(key + " return", std::move(made), sink);
  }
}

void google_events::take_part(response_draft& draft, const json& part,
                              const delta_sink& sink) {
  auto& parts = draft.parts;
  provider_data from{{}, draft.identity.provider_name, {}};
  const auto signature = text_or_empty(part, "thoughtSignature");
  if (!signature.empty())
    from.provider_details["thought_signature"] = signature;
  const auto key = std::to_string(part_count_++);
  if (const auto* call = find_object(part, "functionCall")) {
    const auto* args = find_object(*call, "args");
    parts.add_call(key,
                   {text_or_empty(*call, "name"), text_or_empty(*call, "id"),
                    args == nullptr ? json::object() : *args, std::move(from)},
                   sink);
    parts.end(key, sink);
  } else if (const auto* data = find_object(part, "inlineData")) {
    const auto text = text_or_empty(*data, "data");
    json file{{"kind", "binary"},
              {"data", url_safe_base64(text).value_or(std::string{text})},
              {"media_type", text_or_empty(*data, "mimeType")}};
    parts.add_part(key, file_part{std::move(file), std::move(from)}, sink);
  } else if (const auto* code = find_object(part, "executableCode")) {
    code_id_ = parts.new_id();
    call_piece piece{"code_execution", code_id_, *code, std::move(from)};
    piece.builtin = true;
    parts.add_call(key, std::move(piece), sink);
    parts.end(key, sink);
  } else if (const auto* output = find_object(part, "codeExecutionResult")) {
    builtin_tool_return_part made;
    made.tool_name = "code_execution";
    made.tool_call_id = code_id_;
    made.content = *output;
    made.provider = std::move(from);
    parts.add_part(key, std::move(made), sink);
  } else if (const auto* native = find_object(part, "toolCall")) {
    call_piece piece{native_kind(*native), text_or_empty(*native, "id"),
                     native->value("args", json::object()), std::move(from)};
    piece.builtin = true;
    parts.add_call(key, std::move(piece), sink);
    parts.end(key, sink);
    shows_native_calls_ = true;
  } else if (const auto* result = find_object(part, "toolResponse")) {
    builtin_tool_return_part made;
    made.tool_name = native_kind(*result);
    made.tool_call_id = text_or_empty(*result, "id");
    if (const auto* content = find_value(*result, "response"))
      made.content = *content;
    made.provider = std::move(from);
    parts.add_part(key, std::move(made), sink);
    shows_native_calls_ = true;
  } else if (const auto* text = find_text(part, "text")) {
    const auto is_thought
      = find_value(part, "thought") != nullptr && part.at("thought") == true;
    // An empty text may hold the signature of what came before it.
    if (text->empty() && signature.empty())
      return;
    if (is_thought)
      parts.add_thinking(thinking_key, *text,
                         {{}, draft.identity.provider_name, {}}, sink);
    else
      parts.add_text(text_key, *text, {}, sink);
    if (!signature.empty())
      parts.describe(is_thought ? thinking_key : text_key,
                     from.provider_details);
  }
}

usage google_usage(const json& counts) {
  const auto count
    = [&](const char* key) { return find_integer(counts, key).value_or(0); };
  usage sum;
  const auto thoughts = count("thoughtsTokenCount");
  const auto by_tools = count("toolUsePromptTokenCount");
  sum.input_tokens = count("promptTokenCount") + by_tools;
  sum.output_tokens = count("candidatesTokenCount") + thoughts;
  sum.cache_read_tokens = count("cachedContentTokenCount");
  auto details = json::object();
  if (sum.cache_read_tokens > 0)
    details["cached_content_tokens"] = sum.cache_read_tokens;
  if (thoughts > 0)
    details["thoughts_tokens"] = thoughts;
  if (by_tools > 0)
    details["tool_use_prompt_tokens"] = by_tools;
  add_details(details, counts, "promptTokensDetails", "prompt");
  add_details(details, counts, "cacheTokensDetails", "cache");
  add_details(details, counts, "candidatesTokensDetails", "candidates");
  add_details(details, counts, "toolUsePromptTokensDetails", "tool_use_prompt");
  sum.input_audio_tokens = details.value("audio_prompt_tokens", 0);
  sum.cache_audio_read_tokens = details.value("audio_cache_tokens", 0);
  sum.output_audio_tokens = details.value("audio_candidates_tokens", 0);
  if (!details.empty())
    sum.details = std::move(details);
  return sum;
}

} // namespace perdure::runtime

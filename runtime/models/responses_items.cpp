#include "runtime/models/responses_items.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/responses_native.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

std::string sub_key(const std::string& key, std::int64_t index) {
  return key + "/" + std::to_string(index);
}

std::string
sub_key(const std::string& key, const json& event, const char* field) {
  return sub_key(key, find_integer(event, field).value_or(0));
}

provider_data origin(const response_draft& draft, std::string_view id) {
  provider_data data;
  if (!id.empty()) {
    data.id = std::string{id};
    data.provider_name = draft.identity.provider_name;
  }
  return data;
}

/// What `whole` has beyond what came in pieces.
std::string_view rest_of(std::string_view whole, std::string_view pieces) {
  return whole.starts_with(pieces) ? whole.substr(pieces.size())
                                   : std::string_view{};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Whether pieces and the whole can be of the same text: one of them may lack
/// its end, and servers differ in blanks. Pieces that came twice or in another
/// order cannot.
bool agree(std::string_view whole, std::string_view pieces) {
  whole = trimmed(whole);
  pieces = trimmed(pieces);
  return whole.starts_with(pieces) || pieces.starts_with(whole);
}

/// @returns whether the pieces that were told agree with the whole
bool complete_text(response_draft& draft, const std::string& key,
                   std::string_view id, std::string_view whole,
                   const delta_sink& sink) {
  const auto* part = draft.parts.find(key);
  const auto* known = part == nullptr ? nullptr : std::get_if<text_part>(part);
  if (known != nullptr && !agree(whole, known->content))
    return false;
  const auto rest = known == nullptr ? whole : rest_of(whole, known->content);
  if (known == nullptr || !rest.empty())
    draft.parts.add_text(key, rest, origin(draft, id), sink);
  draft.parts.end(key, sink);
  return true;
}

bool take_message(response_draft& draft, const std::string& key,
                  const json& item, const delta_sink& sink) {
  const auto* content = find_array(item, "content");
  if (content == nullptr)
    return true;
  const auto id = text_or_empty(item, "id");
  std::int64_t index = 0;
  for (const auto& piece : *content) {
    const auto type = text_or_empty(piece, "type");
    if (type == "output_text") {
      if (!complete_text(draft, sub_key(key, index), id,
                         text_or_empty(piece, "text"), sink))
        return false;
    } else if (type == "refusal" && draft.refusal.empty()) {
      draft.refusal = text_or_empty(piece, "refusal");
    }
    ++index;
  }
  return true;
}

/// The model's unabridged thoughts, which open models show.
json raw_thoughts(const json& item) {
  json texts = json::array();
  if (const auto* content = find_array(item, "content"))
    for (const auto& piece : *content)
      if (const auto* text = find_text(piece, "text"))
        texts.push_back(*text);
  return texts;
}

void take_reasoning(response_draft& draft, const std::string& key,
                    const json& item, const delta_sink& sink) {
  const auto id = text_or_empty(item, "id");
  const auto* summary = find_array(item, "summary");
  const auto count = summary == nullptr ? 0 : summary->size();
  // One part per paragraph of the summary; the first one carries what is
  // opaque, and is there even without a summary.
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    const auto part_key = sub_key(key, static_cast<std::int64_t>(i));
    const auto whole
      = i < count ? text_or_empty((*summary)[i], "text") : std::string_view{};
    const auto* part = draft.parts.find(part_key);
    const auto* known
      = part == nullptr ? nullptr : std::get_if<thinking_part>(part);
    const auto rest = known == nullptr ? whole : rest_of(whole, known->content);
    if (known == nullptr || !rest.empty())
      draft.parts.add_thinking(part_key, rest, origin(draft, id), sink);
  }
  const auto first = sub_key(key, 0);
  if (const auto* secret = find_text(item, "encrypted_content"))
    draft.parts.sign(first, *secret, sink);
  if (auto raw = raw_thoughts(item); !raw.empty())
    draft.parts.describe(first, {{"raw_content", std::move(raw)}});
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    draft.parts.end(sub_key(key, static_cast<std::int64_t>(i)), sink);
}

/// Opens the call, or adds what is missing of it.
/// @returns whether the pieces that were told agree with the whole
bool take_call(response_draft& draft, const std::string& key, const json& item,
               const delta_sink& sink) {
  const auto id = text_or_empty(item, "id");
  auto call_id = text_or_empty(item, "call_id");
  if (call_id.empty())
    call_id = id;
  const auto* part = draft.parts.find(key);
  const auto* known
    = part == nullptr ? nullptr : std::get_if<tool_call_part>(part);
  json args;
  if (const auto* given = find_value(item, "arguments")) {
    const auto whole
      = given->is_string() ? given->get<std::string>() : to_text(*given);
    if (known == nullptr || known->args.is_null())
      args = whole;
    else if (known->args.is_string()) {
      const auto& pieces = known->args.get_ref<const std::string&>();
      // The whole may be the same value in another form.
      if (!agree(whole, pieces) && parse_or_discard(pieces).is_discarded())
        return false;
      args = std::string{rest_of(whole, pieces)};
    }
  }
  draft.parts.add_call(
    key,
    {text_or_empty(item, "name"), call_id, std::move(args), origin(draft, id)},
    sink);
  return true;
}

/// What was said before, in a form that only the provider can read.
void take_compaction(response_draft& draft, const std::string& key,
                     const json& item, const delta_sink& sink) {
  compaction_part part;
  part.provider.id = std::string{text_or_empty(item, "id")};
  part.provider.provider_name = draft.identity.provider_name;
  part.provider.provider_details["encrypted_content"]
    = text_or_empty(item, "encrypted_content");
  draft.parts.add_part(key, std::move(part), sink);
}

} // namespace

json compaction_item_of(const compaction_part& part) {
  const auto* secret
    = find_text(part.provider.provider_details, "encrypted_content");
  if (secret == nullptr)
    return nullptr;
  json item{{"type", "compaction"}, {"encrypted_content", *secret}};
  if (part.provider.id)
    item["id"] = *part.provider.id;
  return item;
}

bool take_item(response_draft& draft, const std::string& key, const json& item,
               const delta_sink& sink) {
  const auto type = text_or_empty(item, "type");
  if (type == "message")
    return take_message(draft, key, item, sink);
  if (type == "reasoning") {
    take_reasoning(draft, key, item, sink);
  } else if (type == "function_call") {
    if (!take_call(draft, key, item, sink))
      return false;
    draft.parts.end(key, sink);
  } else if (type == "compaction") {
    take_compaction(draft, key, item, sink);
  } else if (!native_kind_of(item).empty()) {
    take_native_item(draft, key, item, sink);
  }
  return true;
}

void begin_item(response_draft& draft, const std::string& key, const json& item,
                const delta_sink& sink) {
  if (text_or_empty(item, "type") == "function_call")
    take_call(draft, key, item, sink);
  else if (!native_kind_of(item).empty())
    begin_native_item(draft, key, item, sink);
}

void take_piece(response_draft& draft, const std::string& key,
                std::string_view type, const json& event,
                const delta_sink& sink) {
  const auto from = origin(draft, text_or_empty(event, "item_id"));
  const auto delta = text_or_empty(event, "delta");
  auto& parts = draft.parts;
  if (type == "response.output_text.delta") {
    parts.add_text(sub_key(key, event, "content_index"), delta, from, sink);
  } else if (type == "response.reasoning_summary_part.added") {
    parts.add_thinking(sub_key(key, event, "summary_index"), {}, from, sink);
  } else if (type == "response.reasoning_summary_text.delta") {
    parts.add_thinking(sub_key(key, event, "summary_index"), delta, from, sink);
  } else if (type == "response.function_call_arguments.delta") {
    // Ahead of its call it has no place; the finished item has it all.
    if (parts.find(key) == nullptr)
      return;
    call_piece piece;
    piece.args = delta;
    parts.add_call(key, std::move(piece), sink);
  } else if (type == "response.refusal.delta") {
    draft.refusal += delta;
  }
}

std::string item_key(const json& event) {
  // Some servers change an item's id on its way; the index stays.
  if (const auto index = find_integer(event, "output_index"))
    return std::to_string(*index);
  if (const auto* item = find_object(event, "item"))
    return std::string{text_or_empty(*item, "id")};
  return std::string{text_or_empty(event, "item_id")};
}

} // namespace perdure::runtime

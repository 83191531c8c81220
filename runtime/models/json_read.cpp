#include "runtime/models/json_read.hpp"

#include "runtime/field_reader.hpp"

namespace perdure::runtime {

const json* find_value(const json& value, const char* key) {
  if (!value.is_object())
    return nullptr;
  const auto found = value.find(key);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

const json* find_object(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found != nullptr && found->is_object() ? found : nullptr;
}

const json* find_array(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found != nullptr && found->is_array() ? found : nullptr;
}

const std::string* find_text(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found == nullptr ? nullptr : found->get_ptr<const std::string*>();
}

json value_or_null(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found == nullptr ? json() : *found;
}

std::string_view text_or_empty(const json& value, const char* key) {
  const auto* found = find_text(value, key);
  return found == nullptr ? std::string_view{} : std::string_view{*found};
}

std::optional<std::int64_t> find_integer(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found == nullptr ? std::nullopt : to_integer(*found);
}

json parse_or_discard(std::string_view text) {
  auto value = parse_json(text);
  return value ? std::move(*value) : json(json::value_t::discarded);
}

std::string snippet(std::string_view text, std::size_t size_max) {
  const auto is_cut = text.size() > size_max;
  if (is_cut) {
    auto size = size_max;
    // Bytes 10xxxxxx continue a character.
    while (size > 0
           && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
      --size;
    text = text.substr(0, size);
  }
  std::string line;
  line.reserve(text.size() + 3);
  for (const auto letter : text)
    line += static_cast<unsigned char>(letter) < 0x20U ? ' ' : letter;
  if (is_cut)
    line += "...";
  return line;
}

} // namespace perdure::runtime

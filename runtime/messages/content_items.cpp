#include "runtime/messages/content_items.hpp"

#include <array>
#include <vector>

namespace perdure::runtime {

namespace {

// Deeper than this nothing is an item; it bounds the recursion.
constexpr int depth_max = 64;

enum class field_type {
  required_text,
  base64,
  text,
  object,
  any,
  download,
  ttl
};

struct item_field {
  std::string_view name;
  field_type type;
};

struct item_kind {
  std::string_view name;
  /// Also recognised inside the result of a tool.
  bool is_file;
  std::vector<item_field> fields;
};

const std::vector<item_kind>& item_kinds() {
  using enum field_type;
  static const std::vector<item_field> link{{"url", required_text},
                                            {"force_download", download},
                                            {"vendor_metadata", object},
                                            {"media_type", text},
                                            {"identifier", text}};
  static const std::vector<item_kind> kinds{
    {"text-content", false, {{"content", required_text}, {"metadata", any}}},
    {"image-url", true, link},
    {"audio-url", true, link},
    {"video-url", true, link},
    {"document-url", true, link},
    {"binary",
     true,
     {{"data", base64},
      {"media_type", required_text},
      {"vendor_metadata", object},
      {"identifier", text}}},
    {"uploaded-file",
     true,
     {{"file_id", required_text},
      {"provider_name", required_text},
      {"vendor_metadata", object},
      {"media_type", text},
      {"identifier", text}}},
    {"cache-point", false, {{"ttl", ttl}}},
  };
  return kinds;
}

/// @returns nullptr unless `item` is an object with a known `kind`
const item_kind* kind_of(const json& item) {
  if (!item.is_object())
    return nullptr;
  const auto found = item.find("kind");
  if (found == item.end() || !found->is_string())
    return nullptr;
  for (const auto& kind : item_kinds())
    if (kind.name == found->get_ref<const std::string&>())
      return &kind;
  return nullptr;
}

/// @returns what is wrong with the value; empty when all is well
std::string_view problem_of(const json& value, field_type type) {
  switch (type) {
    case field_type::required_text:
      return value.is_string() ? "" : "must be a string";
    case field_type::base64:
      if (value.is_string()
          && url_safe_base64(value.get_ref<const std::string&>()))
        return "";
      return "must be base64";
    case field_type::text:
      return value.is_string() || value.is_null() ? "" : "must be a string";
    case field_type::object:
      return value.is_object() || value.is_null() ? "" : "must be an object";
    case field_type::any:
      return "";
    case field_type::download:
      return value.is_boolean() || value == "allow-local"
               ? ""
               : "must be true, false or \"allow-local\"";
    case field_type::ttl:
      return value == "5m" || value == "1h" ? "" : "must be \"5m\" or \"1h\"";
  }
  return "";
}

json default_of(field_type type) {
  switch (type) {
    case field_type::download:
      return false;
    case field_type::ttl:
      return "5m";
    default:
      return nullptr;
  }
}

std::string
check_item(const item_kind& kind, const json& item, const std::string& place) {
  for (const auto& [name, type] : kind.fields) {
    const auto found = item.find(std::string{name});
    const auto is_required
      = type == field_type::required_text || type == field_type::base64;
    std::string_view problem;
    if (found != item.end())
      problem = problem_of(*found, type);
    else if (is_required)
      problem = "missing";
    if (!problem.empty())
      return place + '.' + std::string{name} + ": " + std::string{problem};
  }
  return {};
}

void write_item(const item_kind& kind, json& item, item_fields fields) {
  for (const auto& [name, type] : kind.fields) {
    const auto found = item.find(std::string{name});
    if (found == item.end()) {
      if (fields == item_fields::all)
        item[std::string{name}] = default_of(type);
    } else if (type == field_type::base64 && found->is_string()) {
      if (auto text = url_safe_base64(found->get_ref<const std::string&>()))
        *found = std::move(*text);
    }
  }
}

void write_nested(json& value, int depth) {
  if (depth > depth_max || !value.is_structured())
    return;
  if (const auto* kind = kind_of(value))
    if (kind->is_file && check_item(*kind, value, {}).empty())
      return write_item(*kind, value, item_fields::as_they_are);
  for (auto& child : value)
    write_nested(child, depth + 1);
}

} // namespace

std::optional<std::string> url_safe_base64(std::string_view text) {
  const auto padding = text.size() - text.substr(0, text.find('=')).size();
  if (padding > 2 || (padding > 0 && text.size() % 4 != 0))
    return std::nullopt;
  std::string result{text};
  for (std::size_t i = 0; i < result.size() - padding; ++i) {
    auto& c = result[i];
    const auto is_common = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                           || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '+')
      c = '-';
    else if (c == '/')
      c = '_';
    else if (!is_common)
      return std::nullopt;
  }
  if (text.substr(text.size() - padding)
      != std::string_view{"=="}.substr(0, padding))
    return std::nullopt;
  if (result.size() % 4 == 1)
    return std::nullopt;
  result.append((4 - result.size() % 4) % 4, '=');
  return result;
}

std::string check_user_content(const json& content, const std::string& place) {
  if (content.is_string())
    return {};
  if (!content.is_array())
    return place + ": must be a string or an array";
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto& item = content[i];
    const auto item_place = place + '[' + std::to_string(i) + ']';
    if (item.is_string())
      continue;
    if (!item.is_object())
      return item_place + ": must be a string or an object";
    const auto kind = item.find("kind");
    if (kind == item.end())
      return item_place + ".kind: missing";
    if (!kind->is_string())
      return item_place + ".kind: must be a string";
    if (const auto* known = kind_of(item))
      if (auto problem = check_item(*known, item, item_place); !problem.empty())
        return problem;
  }
  return {};
}

std::string check_file_item(const json& item, const std::string& place) {
  const auto* kind = kind_of(item);
  if (kind == nullptr || !kind->is_file)
    return place + ": must be an object of a kind of file";
  return check_item(*kind, item, place);
}

std::string check_binary_item(const json& item, const std::string& place) {
  const auto* kind = kind_of(item);
  if (kind == nullptr || kind->name != "binary")
    return place + ": must be an object of the kind \"binary\"";
  return check_item(*kind, item, place);
}

json written_user_content(json content, item_fields fields) {
  if (const auto* kind = kind_of(content))
    write_item(*kind, content, fields);
  if (content.is_array())
    for (auto& item : content)
      if (const auto* kind = kind_of(item))
        write_item(*kind, item, fields);
  return content;
}

json written_tool_content(json content) {
  write_nested(content, 0);
  return content;
}

} // namespace perdure::runtime

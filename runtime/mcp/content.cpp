#include "runtime/mcp/content.hpp"

#include "runtime/mcp/outbox.hpp"
#include "runtime/messages/content_items.hpp"

#include <utility>

namespace perdure::runtime::mcp {

namespace {

/// Texts over this are not looked into for JSON.
constexpr std::size_t json_text_size_max = 1u << 20;

/// Servers that know only text send JSON as such.
json text_value(const std::string& text) {
  if (text.size() <= json_text_size_max
      && (text.starts_with('{') || text.starts_with('[')))
    if (auto value = parse_json(text))
      return std::move(*value);
  return text;
}

json file_value(const json& part, const char* bytes_key,
                const char* default_type) {
  auto type = text_at(part, "mimeType");
  if (type.empty())
    type = default_type;
  const auto bytes = url_safe_base64(text_at(part, bytes_key));
  if (!bytes)
    return "[a file of the type " + type + " that is not base64]";
  return {{"kind", "binary"}, {"data", *bytes}, {"media_type", type}};
}

} // namespace

json part_value(const json& part) {
  const auto type = text_at(part, "type");
  if (type == "text")
    return text_value(text_at(part, "text"));
  if (type == "image")
    return file_value(part, "data", "image/png");
  if (type == "audio")
    return file_value(part, "data", "audio/wav");
  if (type == "resource_link")
    return text_at(part, "uri");
  if (type == "resource")
    if (const auto* resource = object_at(part, "resource"))
      return resource_value(*resource);
  // Of a newer version: the model may make something of it.
  return part;
}

json resource_value(const json& contents) {
  if (contents.is_object() && contents.contains("blob"))
    return file_value(contents, "blob", "application/octet-stream");
  return text_value(text_at(contents, "text"));
}

json one_or_all(json items) {
  if (items.size() != 1)
    return items;
  auto only = std::move(items.front());
  return only;
}

} // namespace perdure::runtime::mcp

#include "runtime/models/user_content.hpp"

#include "runtime/messages/content_items.hpp"
#include "runtime/messages/identifier.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace perdure::runtime {

namespace {

/// Media types by the end of a link.
constexpr auto media_types
  = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".mp3", "audio/mpeg"},
    {".wav", "audio/wav"},
    {".flac", "audio/flac"},
    {".ogg", "audio/ogg"},
    {".oga", "audio/ogg"},
    {".aac", "audio/aac"},
    {".aiff", "audio/aiff"},
    {".mp4", "video/mp4"},
    {".mov", "video/quicktime"},
    {".mkv", "video/x-matroska"},
    {".webm", "video/webm"},
    {".flv", "video/x-flv"},
    {".mpeg", "video/mpeg"},
    {".mpg", "video/mpeg"},
    {".wmv", "video/x-ms-wmv"},
    {".3gp", "video/3gpp"},
    {".pdf", "application/pdf"},
    {".txt", "text/plain"},
    {".csv", "text/csv"},
    {".html", "text/html"},
    {".htm", "text/html"},
    {".md", "text/markdown"},
    {".json", "application/json"},
    {".xml", "application/xml"},
    {".docx", "application/vnd.openxmlformats-officedocument."
              "wordprocessingml.document"},
    {".xlsx", "application/vnd.openxmlformats-officedocument."
              "spreadsheetml.sheet"},
  });

/// The history has base64 with `-` and `_`, providers want `+` and `/`.
std::string standard_base64(std::string_view text) {
  std::string data{text};
  std::replace(data.begin(), data.end(), '-', '+');
  std::replace(data.begin(), data.end(), '_', '/');
  while (data.size() % 4 != 0)
    data += '=';
  return data;
}

user_item read_item(const json& value) {
  user_item item;
  if (const auto* text = value.get_ptr<const std::string*>()) {
    item.kind = "text";
    item.text = *text;
    return item;
  }
  item.kind = text_or_empty(value, "kind");
  if (item.kind == "text-content")
    item.kind = "text";
  item.text = text_or_empty(value, "content");
  item.url = text_or_empty(value, "url");
  item.data = standard_base64(text_or_empty(value, "data"));
  item.media_type = text_or_empty(value, "media_type");
  item.identifier = text_or_empty(value, "identifier");
  item.file_id = text_or_empty(value, "file_id");
  item.provider_name = text_or_empty(value, "provider_name");
  item.ttl = text_or_empty(value, "ttl");
  if (const auto* metadata = find_object(value, "vendor_metadata"))
    item.detail = text_or_empty(*metadata, "detail");
  return item;
}

} // namespace

bool user_item::is_image() const {
  return kind == "image-url" || media_type.starts_with("image/");
}

std::string user_item::type() const {
  if (!media_type.empty() || url.empty())
    return media_type;
  if (url.find("youtube.com/") != std::string::npos
      || url.find("youtu.be/") != std::string::npos)
    return "video/mp4";
  const auto path = std::string_view{url}.substr(0, url.find_first_of("?#"));
  for (const auto& [ending, type] : media_types)
    if (path.ends_with(ending))
      return std::string{type};
  return {};
}

std::string user_item::data_uri() const {
  return "data:" + media_type + ";base64," + data;
}

std::string user_item::name() const {
  if (!identifier.empty())
    return identifier;
  if (!url.empty())
    return default_identifier(url);
  if (!file_id.empty())
    return default_identifier(file_id);
  return default_identifier(decode_base64(data).value_or(data));
}

std::string user_item::file_name() const {
  const auto slash = media_type.find('/');
  return slash == std::string::npos
           ? name()
           : name() + "." + media_type.substr(slash + 1);
}

std::optional<user_item> read_file(const json& value) {
  if (find_text(value, "kind") == nullptr
      || !check_file_item(value, "file").empty())
    return std::nullopt;
  return read_item(value);
}

result<std::vector<user_item>> read_user_content(const json& content) {
  std::vector<user_item> items;
  if (content.is_string()) {
    items.push_back(read_item(content));
    return items;
  }
  if (!content.is_array())
    return failure{errc::invalid_message_history,
                   "the content of a user prompt is neither text nor a list"};
  for (const auto& value : content) {
    items.push_back(read_item(value));
    if (items.back().kind.empty())
      return failure{errc::invalid_message_history,
                     "an item of a user prompt has no `kind`"};
  }
  return items;
}

result<json> encode_user_content(const json& content, const model_identity& to,
                                 item_encoder encode) {
  if (content.is_string())
    return content;
  const auto items = read_user_content(content);
  if (!items)
    return items.error();
  auto encoded = json::array();
  for (const auto& item : *items) {
    if (item.kind == "cache-point")
      continue;
    auto element = encode(item, to);
    if (!element)
      return element.error();
    encoded.push_back(std::move(*element));
  }
  return encoded;
}

failure unsendable(const user_item& item, std::string_view api) {
  std::string what = "`" + item.kind + "`";
  if (!item.media_type.empty())
    what += " (" + item.media_type + ")";
  return {errc::invalid_argument, "the " + std::string{api}
                                    + " API has no form for user content of "
                                    + "kind " + what};
}

} // namespace perdure::runtime

#include "runtime/models/user_content.hpp"

#include "runtime/models/json_read.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

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
  if (const auto* metadata = find_object(value, "vendor_metadata"))
    item.detail = text_or_empty(*metadata, "detail");
  return item;
}

} // namespace

bool user_item::is_image() const {
  return kind == "image-url" || media_type.starts_with("image/");
}

std::string user_item::data_uri() const {
  return "data:" + media_type + ";base64," + data;
}

std::string user_item::file_name() const {
  const auto slash = media_type.find('/');
  const auto base = identifier.empty() ? std::string{"file"} : identifier;
  return slash == std::string::npos ? base
                                    : base + "." + media_type.substr(slash + 1);
}

result<json> encode_user_content(const json& content, const model_identity& to,
                                 item_encoder encode) {
  if (content.is_string())
    return content;
  if (!content.is_array())
    return failure{errc::invalid_message_history,
                   "the content of a user prompt is neither text nor a list"};
  auto encoded = json::array();
  for (const auto& value : content) {
    const auto item = read_item(value);
    if (item.kind.empty())
      return failure{errc::invalid_message_history,
                     "an item of a user prompt has no `kind`"};
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

#include "perdure/prompt.hpp"

#include <cstdint>

namespace perdure {

namespace {

json link(const char* kind, std::string_view url) {
  return {{"kind", kind}, {"url", url}};
}

/// The URL-safe alphabet, with padding: as message histories have it.
std::string base64(std::string_view bytes) {
  static constexpr std::string_view alphabet
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8
             | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= group.size() ? alphabet[bits >> (18 - 6 * k) & 0x3F] : '=';
  }
  return out;
}

} // namespace

prompt::prompt(std::initializer_list<json> items) {
  // `prompt{"text"}` is just text.
  if (items.size() == 1 && items.begin()->is_string()) {
    content_ = *items.begin();
    return;
  }
  content_ = json::array();
  for (const auto& item : items)
    content_.push_back(item);
}

json image(std::string_view url) {
  return link("image-url", url);
}

json audio(std::string_view url) {
  return link("audio-url", url);
}

json video(std::string_view url) {
  return link("video-url", url);
}

json document(std::string_view url) {
  return link("document-url", url);
}

json file(std::string_view bytes, std::string_view media_type) {
  return {
    {"kind", "binary"}, {"data", base64(bytes)}, {"media_type", media_type}};
}

} // namespace perdure

#include "perdure/prompt.hpp"

#include "runtime/base64.hpp"

namespace perdure {

namespace {

json link(const char* kind, std::string_view url) {
  return {{"kind", kind}, {"url", url}};
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
  return {{"kind", "binary"},
          {"data", runtime::base64_url_padded(bytes)},
          {"media_type", media_type}};
}

} // namespace perdure

#include "actors/edges/url.hpp"

#include <curl/curl.h>
#include <memory>

namespace perdure::actors {

namespace {

struct url_deleter {
  void operator()(CURLU* url) const {
    ::curl_url_cleanup(url);
  }
};

using url_ptr = std::unique_ptr<CURLU, url_deleter>;

/// @returns null when `text` is no URL
url_ptr parsed(const std::string& text) {
  url_ptr url{::curl_url()};
  if (text.find('\0') != std::string::npos
      || ::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return nullptr;
  return url;
}

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (::curl_url_get(url, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
    return {};
  std::string out{text};
  ::curl_free(text);
  return out;
}

} // namespace

std::optional<std::string>
resolve_url(const std::string& base, const std::string& reference) {
  const auto url = parsed(base);
  if (!url || reference.find('\0') != std::string::npos
      || ::curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0)
           != CURLUE_OK)
    return std::nullopt;
  char* text = nullptr;
  if (::curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK)
    return std::nullopt;
  std::string out{text};
  ::curl_free(text);
  return out;
}

bool is_same_origin(const std::string& left, const std::string& right) {
  const auto a = parsed(left);
  const auto b = parsed(right);
  if (!a || !b)
    return false;
  for (const auto which : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT})
    if (part(a.get(), which) != part(b.get(), which))
      return false;
  return true;
}

} // namespace perdure::actors

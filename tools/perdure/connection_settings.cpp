#include "tools/perdure/connection_settings.hpp"

#include "tools/perdure/text.hpp"
#include "tools/perdure/token_file.hpp"

#include <cstdlib>
#include <curl/curl.h>
#include <memory>

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::result;

namespace {

constexpr const char* default_url = "http://127.0.0.1:7437";

struct url_deleter {
  void operator()(CURLU* url) const noexcept {
    curl_url_cleanup(url);
  }
};

std::string part(CURLU* url, CURLUPart what) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, 0) != CURLUE_OK)
    return {};
  std::string out{text};
  curl_free(text);
  return out;
}

/// A name like 127.example.org is none: only numbers are.
bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]"
         || (host.starts_with("127.")
             && host.find_first_not_of("0123456789.") == std::string::npos);
}

result<connection_settings>
parse_url(const std::string& text, std::string_view origin) {
  const auto refuse = [&](const std::string& why) {
    return failure{errc::invalid_argument, std::string{origin} + " '" + text
                                             + "' " + why
                                             + "\nA URL of a node looks like "
                                             + std::string{default_url} + "."};
  };
  const std::unique_ptr<CURLU, url_deleter> url{curl_url()};
  const auto full
    = text.find("://") == std::string::npos ? "http://" + text : text;
  if (!url
      || curl_url_set(url.get(), CURLUPART_URL, full.c_str(), 0) != CURLUE_OK)
    return refuse("is not a URL");
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return refuse("is neither http nor https");
  if (!part(url.get(), CURLUPART_USER).empty()
      || !part(url.get(), CURLUPART_QUERY).empty()
      || !part(url.get(), CURLUPART_FRAGMENT).empty())
    return refuse("has more than a host, a port and a path");
  connection_settings out;
  out.is_loopback = is_loopback(part(url.get(), CURLUPART_HOST));
  out.url = part(url.get(), CURLUPART_URL);
  while (out.url.ends_with('/'))
    out.url.pop_back();
  return out;
}

} // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const auto* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0')
      return std::nullopt;
    return std::string{value};
  };
}

result<connection_settings>
find_node(const std::string& url, const std::string& token_file,
          const environment& env) {
  const auto from_env = env("PERDURE_URL");
  auto out = !url.empty() ? parse_url(url, "--url")
             : from_env   ? parse_url(trim(*from_env), "PERDURE_URL")
                          : parse_url(default_url, "");
  if (!out)
    return out;
  auto found = find_token(token_file, out->is_loopback, env);
  if (!found)
    return found.error();
  out->token = std::move(found->token);
  out->token_places = std::move(found->places);
  if (!url.empty())
    out->repeat_options += " --url " + out->url;
  if (!token_file.empty())
    out->repeat_options += " --token-file " + token_file;
  return out;
}

} // namespace perdure::client

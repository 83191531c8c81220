// How a request is told to curl; what becomes of it is in curl_exchange.cpp.

#include "actors/edges/curl_exchange.hpp"
#include "actors/edges/http_text.hpp"

#include <algorithm>

namespace perdure::actors {

namespace {

using runtime::errc;

/// curl's default is 64 KiB for each of thousands of requests.
constexpr long upload_buffer_size = 16L << 10;

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (::curl_url_get(url, part, &text, 0) != CURLUE_OK)
    return {};
  std::string result{text};
  ::curl_free(text);
  return result;
}

} // namespace

bool curl_exchange::prepare(CURL* easy, const curl_options& options) {
  if (!prepare_url() || !prepare_headers())
    return false;
  easy_ = easy;
  const auto set = [easy](CURLoption option, auto value) {
    ::curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // Prefers a stream of a connection in the making to one connection more.
  // Without TLS curl would wait for the first answer to learn the version.
  set(CURLOPT_PIPEWAIT, origin_.starts_with("https") ? 1L : 0L);
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(
                                   request_.connect_timeout.count(), 1)));
  if (!options.ca_file.empty()) {
    set(CURLOPT_CAINFO, options.ca_file.c_str());
    // The folder of the machine's authorities would be trusted besides.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADERFUNCTION, &curl_exchange::header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &curl_exchange::write);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  prepare_body();
  return true;
}

bool curl_exchange::prepare_url() {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url{::curl_url(),
                                                     &::curl_url_cleanup};
  const bool usable
    = url && request_.url.find('\0') == std::string::npos
      && ::curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0)
           == CURLUE_OK;
  const auto scheme
    = usable ? url_part(url.get(), CURLUPART_SCHEME) : std::string{};
  if (scheme != "http" && scheme != "https") {
    // Not shown: it may hold a secret.
    fail(errc::model_network_error,
         "The URL of the request is not usable. It must be an absolute URL "
         "that begins with http:// or https://.",
         true);
    return false;
  }
  origin_ = scheme + "://" + url_part(url.get(), CURLUPART_HOST);
  if (const auto port = url_part(url.get(), CURLUPART_PORT); !port.empty())
    origin_ += ':' + port;
  return true;
}

bool curl_exchange::add_header(const std::string& line) {
  auto* longer = ::curl_slist_append(headers_, line.c_str());
  if (longer == nullptr)
    return false;
  headers_ = longer;
  return true;
}

bool curl_exchange::prepare_headers() {
  if (!is_token(request_.method)) {
    fail(errc::model_network_error,
         "The request to " + origin_ + " has no usable method.", true);
    return false;
  }
  bool has_type = false;
  bool added = add_header("Expect:");
  for (const auto& [name, value] : request_.headers) {
    if (!is_token(name) || !is_field_value(value)) {
      fail(errc::model_network_error,
           "The request to " + origin_ + " has a header "
             + (is_token(name) ? name + " whose value" : "whose name")
             + " has a forbidden character in it. Check the configured "
               "headers and keys for line breaks.",
           true);
      return false;
    }
    const auto key = lower_case(name);
    // The framing is curl's; anything else would be a different message.
    if (key == "content-length" || key == "transfer-encoding"
        || key == "expect")
      continue;
    has_type = has_type || key == "content-type";
    added
      = added && add_header(value.empty() ? name + ';' : name + ": " + value);
  }
  if (!has_type)
    added = added && add_header("Content-Type:");
  if (!added)
    fail(errc::model_network_error, "No memory for the request's headers.");
  return added;
}

void curl_exchange::prepare_body() {
  const auto& method = request_.method;
  if (method == "HEAD") {
    ::curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends = body_size_ > 0 || method == "POST" || method == "PUT"
                     || method == "PATCH";
  if (sends) {
    ::curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    ::curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(body_size_));
    ::curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_size);
    ::curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &curl_exchange::read);
    ::curl_easy_setopt(easy_, CURLOPT_READDATA, static_cast<void*>(this));
    ::curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &curl_exchange::seek);
    ::curl_easy_setopt(easy_, CURLOPT_SEEKDATA, static_cast<void*>(this));
  }
  if (method != (sends ? "POST" : "GET"))
    ::curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
}

} // namespace perdure::actors

#include "actors/edges/curl_exchange.hpp"

#include "actors/edges/http_text.hpp"

#include <algorithm>
#include <cctype>
#include <exception>

namespace perdure::actors {

namespace {

using runtime::errc;

/// Delivered and not consumed; above it nothing more is read.
constexpr std::uint64_t unconsumed_max = 1u << 20;
constexpr std::size_t head_max = 256u << 10;

/// Whether the next attempt would end the same way.
bool is_permanent(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
      return true;
    // Garbage instead of a head is an unsupported protocol too, and may be a
    // proxy's that is just starting: URLs have a scheme that is known.
    default:
      return false;
  }
}

std::string_view what_to_check(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "Check the host name and this machine's name resolution.";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return "Check the proxy in http_proxy, https_proxy and no_proxy.";
    case CURLE_COULDNT_CONNECT:
      return "Check that the server runs and that no firewall is in between.";
    case CURLE_OPERATION_TIMEDOUT:
      return "Check the server and the network, or allow more time.";
    case CURLE_SSL_CACERT_BADFILE:
      return "Check the file of certificate authorities (tls.ca_file, "
             "SSL_CERT_FILE).";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return "Check the server's certificate and its name, the certificate "
             "authorities of this machine (tls.ca_file, SSL_CERT_FILE) and its "
             "clock.";
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return "Check that the URL is that of an HTTP server.";
    default:
      return "The server or the network broke the connection; check both.";
  }
}

} // namespace

std::string_view http_head::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

curl_exchange::curl_exchange(std::uint64_t exchange, http_request request,
                             std::shared_ptr<http_receiver> receiver,
                             std::function<void()> on_head)
  : id(exchange), request_(std::move(request)), receiver_(std::move(receiver)),
    on_head_(std::move(on_head)), started_(clock::now()) {
  std::erase(request_.body, nullptr);
  for (const auto& piece : request_.body)
    body_size_ += piece->size();
}

curl_exchange::~curl_exchange() {
  ::curl_slist_free_all(headers_);
}

// -- callbacks of curl
// ---------------------------------------------------------

std::size_t curl_exchange::read(char* buffer, std::size_t size,
                                std::size_t count, void* self) {
  return static_cast<curl_exchange*>(self)->fill(buffer, size * count);
}

std::size_t curl_exchange::fill(char* buffer, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size && piece_ < request_.body.size()) {
    const auto& piece = *request_.body[piece_];
    const auto part = std::min(size - filled, piece.size() - piece_offset_);
    std::copy_n(piece.data() + piece_offset_, part, buffer + filled);
    filled += part;
    piece_offset_ += part;
    if (piece_offset_ == piece.size()) {
      ++piece_;
      piece_offset_ = 0;
    }
  }
  return filled;
}

int curl_exchange::seek(void* self, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<curl_exchange*>(self);
  if (origin != SEEK_SET || offset < 0
      || static_cast<std::uint64_t>(offset) > exchange.body_size_)
    return CURL_SEEKFUNC_FAIL;
  auto left = static_cast<std::uint64_t>(offset);
  const auto& body = exchange.request_.body;
  exchange.piece_ = 0;
  while (exchange.piece_ < body.size() && left >= body[exchange.piece_]->size())
    left -= body[exchange.piece_++]->size();
  exchange.piece_offset_ = left;
  return CURL_SEEKFUNC_OK;
}

std::size_t curl_exchange::header(char* data, std::size_t size,
                                  std::size_t count, void* self) {
  const auto total = size * count;
  auto& exchange = *static_cast<curl_exchange*>(self);
  return exchange.take_header({data, total}) ? total : total + 1;
}

bool curl_exchange::take_header(std::string_view line) {
  last_byte_ = clock::now();
  if (head_done_)
    return true; // A trailer.
  head_size_ += line.size();
  if (head_size_ > head_max) {
    fail(errc::model_network_error,
         request_.method + " " + origin_
           + ": the head of the answer is larger than 256 KiB.");
    return false;
  }
  const auto text = trim(line);
  if (text.starts_with("HTTP/")) {
    head_ = {};
    return true;
  }
  if (!text.empty()) {
    const auto colon = text.find(':');
    if (line.front() == ' ' || line.front() == '\t') {
      if (!head_.headers.empty())
        head_.headers.back().second.append(" ").append(text);
    } else if (colon != std::string_view::npos) {
      head_.headers.emplace_back(lower_case(trim(text.substr(0, colon))),
                                 trim(text.substr(colon + 1)));
    }
    return true;
  }
  long status = 0;
  ::curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200)
    return true; // An interim answer; the real one follows.
  head_.status = static_cast<unsigned>(status);
  head_done_ = true;
  on_head_();
  return call([this](http_receiver& to) { to.on_head(std::move(head_)); });
}

std::size_t curl_exchange::write(char* data, std::size_t size,
                                 std::size_t count, void* self) {
  const auto total = size * count;
  auto& exchange = *static_cast<curl_exchange*>(self);
  if (exchange.drops_)
    return CURL_WRITEFUNC_ERROR;
  if (exchange.must_pause())
    return CURL_WRITEFUNC_PAUSE;
  return exchange.take_body({data, total}) ? total : total + 1;
}

bool curl_exchange::take_body(std::string_view chunk) {
  last_byte_ = clock::now();
  received_ += chunk.size();
  if (received_ > request_.response_max_bytes) {
    fail(errc::payload_too_large,
         request_.method + " " + origin_ + ": the answer is larger than "
           + std::to_string(request_.response_max_bytes)
           + " bytes, which is the limit of this request.",
         true);
    return false;
  }
  if (chunk.empty())
    return true;
  unconsumed_.fetch_add(chunk.size());
  return call([chunk](http_receiver& to) { to.on_body(std::string{chunk}); });
}

bool curl_exchange::must_pause() noexcept {
  if (unconsumed_.load() <= unconsumed_max)
    return false;
  // Said before it is looked at again: `consume` does it the other way round,
  // so that one of the two sees the other.
  paused_.store(true);
  if (unconsumed_.load() > unconsumed_max)
    return true;
  paused_.store(false);
  return false;
}

// -- flow
// ----------------------------------------------------------------------

bool curl_exchange::consume(std::size_t bytes) noexcept {
  auto before = unconsumed_.load();
  while (!unconsumed_.compare_exchange_weak(
    before, before - std::min<std::uint64_t>(before, bytes)))
    continue;
  return unconsumed_.load() <= unconsumed_max && paused_.load();
}

bool curl_exchange::resume() {
  if (easy_ == nullptr || !paused_.exchange(false))
    return true;
  last_byte_ = clock::now();
  const auto code = ::curl_easy_pause(easy_, CURLPAUSE_CONT);
  if (code != CURLE_OK)
    fail_with(code);
  return code == CURLE_OK;
}

bool curl_exchange::drop_held_back() {
  if (easy_ == nullptr || !paused_.load())
    return true;
  drops_ = true;
  // Refused when libcurl has given up the connection, and kept the bytes.
  return ::curl_easy_pause(easy_, CURLPAUSE_CONT)
         != CURLE_BAD_FUNCTION_ARGUMENT;
}

std::optional<curl_exchange::time_point> curl_exchange::next_moment() const {
  std::optional<time_point> next;
  if (request_.timeout.count() > 0)
    next = started_ + request_.timeout;
  if (head_done_ && request_.idle_timeout.count() > 0) {
    const auto since = paused_.load() ? clock::now() : last_byte_;
    next = std::min(next.value_or(time_point::max()),
                    since + request_.idle_timeout);
  }
  return next;
}

bool curl_exchange::check_timeouts(time_point now) {
  const auto text = request_.method + " " + origin_ + ": ";
  if (request_.timeout.count() > 0 && now >= started_ + request_.timeout)
    fail(errc::model_timeout, text + "no whole answer within "
                                + std::to_string(request_.timeout.count())
                                + " ms. Check the server, or allow more time.");
  // The reader's silence is not the server's.
  else if (head_done_ && request_.idle_timeout.count() > 0 && !paused_.load()
           && now >= last_byte_ + request_.idle_timeout)
    fail(errc::model_timeout, text + "the server fell silent for "
                                + std::to_string(request_.idle_timeout.count())
                                + " ms in the middle of its answer.");
  return failure_.code == errc::none;
}

void curl_exchange::fail(errc code, std::string message, bool permanent) {
  if (failure_.code == errc::none)
    failure_ = {code, std::move(message), permanent};
}

void curl_exchange::fail_with(CURLcode code) {
  const std::string_view detail = error_text_.data();
  std::string message = request_.method + " " + origin_ + ": ";
  message
    += detail.empty() ? std::string_view{::curl_easy_strerror(code)} : detail;
  message.append(". ").append(what_to_check(code));
  fail(code == CURLE_OPERATION_TIMEDOUT ? errc::model_timeout
                                        : errc::model_network_error,
       std::move(message), is_permanent(code));
}

void curl_exchange::finish(CURLcode code) {
  if (code != CURLE_OK)
    fail_with(code);
  else if (!head_done_)
    fail_with(CURLE_WEIRD_SERVER_REPLY);
  easy_ = nullptr;
  try {
    gate.pass([this] { receiver_->on_end(std::move(failure_)); });
  } catch (...) {
    // The exchange is over anyway; the others must go on.
  }
}

template <class Callback>
bool curl_exchange::call(Callback&& callback) {
  try {
    return gate.pass([&] { callback(*receiver_); }) && !gate.closed();
  } catch (const std::exception& problem) {
    fail(errc::internal,
         std::string{"the receiver of an answer failed: "} + problem.what());
  } catch (...) {
    fail(errc::internal, "the receiver of an answer failed");
  }
  return false;
}

} // namespace perdure::actors

#include "tools/perdure/curl_connection.hpp"

#include "runtime/policy/task_policy.hpp"
#include "tools/perdure/interrupts.hpp"

#include <curl/curl.h>

namespace perdure::client {

namespace {

constexpr long connect_timeout_seconds = 5;
constexpr long request_timeout_seconds = 60;
/// The node sends something every 15 seconds.
constexpr long silence_max_seconds = 50;
constexpr std::size_t body_size_max = std::size_t{1} << 30U;

struct easy_deleter {
  void operator()(CURL* handle) const noexcept {
    curl_easy_cleanup(handle);
  }
};

struct multi_deleter {
  void operator()(CURLM* handle) const noexcept {
    curl_multi_cleanup(handle);
  }
};

struct list_deleter {
  void operator()(curl_slist* list) const noexcept {
    curl_slist_free_all(list);
  }
};

using easy_ptr = std::unique_ptr<CURL, easy_deleter>;
using multi_ptr = std::unique_ptr<CURLM, multi_deleter>;
using list_ptr = std::unique_ptr<curl_slist, list_deleter>;

void append(list_ptr& list, const std::string& line) {
  if (auto* longer = curl_slist_append(list.get(), line.c_str())) {
    [[maybe_unused]] auto* same = list.release();
    list.reset(longer);
  }
}

/// One request under way; libcurl calls back into it.
struct transfer {
  CURL* handle = nullptr;
  const body_sink* sink = nullptr;
  http_reply reply;
  bool is_enough = false;
  bool is_too_large = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& self = *static_cast<transfer*>(user);
  const std::string_view bytes{data, size};
  long status = 0;
  curl_easy_getinfo(self.handle, CURLINFO_RESPONSE_CODE, &status);
  if (*self.sink && status == 200) {
    self.is_enough = !(*self.sink)(bytes);
    return self.is_enough ? 0 : size;
  }
  self.is_too_large = self.reply.body.size() + size > body_size_max;
  if (self.is_too_large)
    return 0;
  self.reply.body += bytes;
  return size;
}

/// Performs the one transfer of `multi`. @returns nothing after Ctrl-C.
std::optional<CURLcode> perform(CURLM* multi) {
  constexpr int poll_ms = 1'000;
  int running = 1;
  while (running != 0) {
    if (interrupts::happened())
      return std::nullopt;
    if (curl_multi_perform(multi, &running) != CURLM_OK)
      return CURLE_FAILED_INIT;
    if (running == 0)
      break;
    const auto descriptor = interrupts::descriptor();
    curl_waitfd also{descriptor, CURL_WAIT_POLLIN, 0};
    const bool watched = descriptor >= 0;
    if (curl_multi_poll(multi, watched ? &also : nullptr, watched ? 1 : 0,
                        poll_ms, nullptr)
        != CURLM_OK)
      return CURLE_FAILED_INIT;
  }
  int left = 0;
  const auto* message = curl_multi_info_read(multi, &left);
  return message != nullptr ? message->data.result : CURLE_FAILED_INIT;
}

link link_of(CURLcode code, bool was_connected) noexcept {
  switch (code) {
    case CURLE_OK:
      return link::ok;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return link::refused;
    case CURLE_OPERATION_TIMEDOUT:
      return was_connected ? link::lost : link::refused;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return link::lost;
    default:
      return link::unusable;
  }
}

class curl_connection : public http_connection {
public:
  explicit curl_connection(connection_settings settings)
    : settings_(std::move(settings)), easy_(curl_easy_init()),
      multi_(curl_multi_init()) {
    // nop
  }

  http_reply send(const http_request& request, const body_sink& sink) override {
    if (!easy_ || !multi_)
      return {link::unusable, "out of memory", 0, {}, {}};
    transfer state;
    state.handle = easy_.get();
    state.sink = &sink;
    error_[0] = '\0';
    const auto headers = headers_of(request);
    prepare(request, state, headers.get());
    curl_multi_add_handle(multi_.get(), easy_.get());
    const auto code = perform(multi_.get());
    finish(state, code);
    curl_multi_remove_handle(multi_.get(), easy_.get());
    return std::move(state.reply);
  }

private:
  [[nodiscard]] list_ptr headers_of(const http_request& request) const {
    list_ptr out;
    append(out, "User-Agent: perdure/" PERDURE_VERSION);
    append(out, "Expect:"); // no waiting for leave to send the body
    if (!settings_.token.empty())
      append(out, "Authorization: Bearer " + settings_.token);
    if (!request.body.empty())
      append(out, "Content-Type: application/json");
    for (const auto& [name, value] : request.headers)
      append(out, name + ": " + value);
    return out;
  }

  void
  prepare(const http_request& request, transfer& state, curl_slist* headers) {
    auto* handle = easy_.get();
    const auto url = settings_.url + request.target;
    curl_easy_reset(handle);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &state);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_timeout_seconds);
    if (settings_.is_loopback)
      curl_easy_setopt(handle, CURLOPT_PROXY, "");
    if (*state.sink) {
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
      curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, silence_max_seconds);
    } else {
      curl_easy_setopt(handle, CURLOPT_TIMEOUT, request_timeout_seconds);
    }
    if (request.method == "POST") {
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    } else if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  void finish(transfer& state, std::optional<CURLcode> code) {
    auto* handle = easy_.get();
    auto& reply = state.reply;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<unsigned>(status);
    curl_header* header = nullptr;
    if (curl_easy_header(handle, "Retry-After", 0, CURLH_HEADER, -1, &header)
        == CURLHE_OK)
      reply.retry_after = runtime::parse_retry_after(
        header->value, std::chrono::system_clock::now());
    if (!code) {
      reply.link = link::interrupted;
    } else if (state.is_too_large) {
      reply.link = link::unusable;
      reply.link_error = "the reply is too large";
    } else if (!state.is_enough) {
      double connected = 0;
      curl_easy_getinfo(handle, CURLINFO_CONNECT_TIME, &connected);
      reply.link = link_of(*code, connected > 0);
      if (reply.link != link::ok)
        reply.link_error
          = error_[0] != '\0' ? error_ : curl_easy_strerror(*code);
    }
  }

  connection_settings settings_;
  easy_ptr easy_;
  multi_ptr multi_;
  char error_[CURL_ERROR_SIZE]{};
};

} // namespace

std::unique_ptr<http_connection>
make_curl_connection(const connection_settings& settings) {
  return std::make_unique<curl_connection>(settings);
}

} // namespace perdure::client

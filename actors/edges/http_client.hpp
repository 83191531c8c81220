#pragma once

#include "runtime/error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::actors {

struct http_request {
  std::string method = "POST";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  /// Body in shared pieces; sent one after another without copying them
  /// together.
  std::vector<std::shared_ptr<const std::string>> body;
  std::chrono::milliseconds connect_timeout{5'000};
  /// Of the whole exchange; zero for none.
  std::chrono::milliseconds timeout{600'000};
  /// Longest silence between two chunks, counted from the head of the answer;
  /// zero for none. A reader that does not consume is not counted.
  std::chrono::milliseconds idle_timeout{120'000};
  /// A larger response ends the exchange with errc::payload_too_large.
  std::uint64_t response_max_bytes = 256ull << 20;
};

struct http_head {
  unsigned status = 0;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;

  /// The first header of that (lower case) name; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Why an exchange ended without a whole response.
struct http_failure {
  /// errc::model_network_error, errc::model_timeout, errc::payload_too_large;
  /// errc::internal when the receiver threw.
  runtime::errc code = runtime::errc::none;
  std::string message;
  /// Another attempt would end the same way: a certificate that does not hold,
  /// a request that cannot be sent, an answer over its limit.
  bool permanent = false;
};

/// Receives one response. Called on the client's thread, in order, and never
/// again after `on_end` or once `cancel` has returned.
class http_receiver {
public:
  virtual ~http_receiver() = default;
  virtual void on_head(http_head head) = 0;
  /// A chunk of the (decompressed) body. The client stops reading from the
  /// network while more than 1 MiB has been delivered and not been `consumed`.
  virtual void on_body(std::string chunk) = 0;
  /// `reason.code` is errc::none after a whole response.
  virtual void on_end(http_failure reason) = 0;
};

/// Thousands of HTTP requests at once, on one thread of its own. Destroying it
/// cancels them all; not from inside a callback.
class http_client {
public:
  using id = std::uint64_t;

  virtual ~http_client() = default;

  /// Thread-safe; returns at once.
  virtual id
  start(http_request request, std::shared_ptr<http_receiver> receiver)
    = 0;

  /// Tells that `bytes` of an exchange's body have been dealt with.
  /// Thread-safe.
  virtual void consumed(id exchange, std::size_t bytes) = 0;

  /// Ends the exchange at once and closes its connection; no callback follows.
  /// Does nothing for one that is over. Thread-safe.
  virtual void cancel(id exchange) = 0;
};

struct curl_options {
  /// Connections kept open for reuse.
  long idle_connections_max = 512;
  /// Connections to one host at a time; further requests wait.
  long connections_per_host_max = 4'096;
  std::string user_agent = "perdure/0.1";
  /// Certificate authorities (PEM) to trust instead of the machine's own; empty
  /// for those.
  std::string ca_file;
};

/// The libcurl multi interface on a thread that this object owns: HTTP/2 where
/// TLS agrees on it, one connection for many requests. Proxies come from the
/// environment as with curl itself.
std::unique_ptr<http_client> make_curl_http_client(curl_options options = {});

} // namespace perdure::actors

#pragma once

#include "runtime/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::actors {

struct http_server_options {
  std::string host = "127.0.0.1";
  /// 0 takes a free port.
  std::uint16_t port = 7437;
  std::size_t threads = 1;
  std::uint64_t body_max_bytes = 32ull << 20;
  std::size_t connections_max = 16'384;
  /// Of a request's header and body, once its first byte came.
  std::chrono::seconds read_timeout{30};
  /// Between two requests of one connection.
  std::chrono::seconds idle_timeout{120};
  /// Bytes that may wait for a slow reader of a stream before it is cut off.
  std::uint64_t stream_buffer_max_bytes = 8ull << 20;
  /// Told of the status of every answer, on a server thread; may be null.
  std::function<void(unsigned status)> on_answer = {};
};

struct server_request {
  std::string method;
  /// Decoded path without the query, e.g. `/v1/runs`.
  std::string path;
  /// Decoded pairs in order.
  std::vector<std::pair<std::string, std::string>> query;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first of that name; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  [[nodiscard]] const std::string*
  query_value(std::string_view name) const noexcept;
};

/// The answer to one request. Every member may be called from any thread; calls
/// after the end, or after the peer has gone, do nothing. When the last holder
/// lets go without an answer the peer gets 500.
class server_exchange {
public:
  virtual ~server_exchange() = default;

  [[nodiscard]] virtual const server_request& request() const noexcept = 0;

  /// Answers with a whole body and ends.
  virtual void
  respond(unsigned status, std::string_view content_type, std::string body,
          std::vector<std::pair<std::string, std::string>> headers = {})
    = 0;

  /// Begins a streamed answer (chunked, status 200).
  virtual void begin_stream(std::string_view content_type) = 0;

  /// Adds to the stream.
  virtual void write(std::string chunk) = 0;

  /// Ends the stream.
  virtual void end_stream() = 0;

  /// Called once, on the server's thread, when the exchange is over for any
  /// reason: answered, peer gone, too slow, server stopped. Registered after
  /// the end it is called all the same (on the caller's thread when the server
  /// has none any more).
  virtual void on_close(std::function<void()> callback) = 0;

  /// Calls `callback` on the server's thread after `delay`, unless the exchange
  /// is over by then.
  virtual void
  after(std::chrono::milliseconds delay, std::function<void()> callback)
    = 0;
};

/// Called on a server thread; must not block.
using request_handler = std::function<void(std::shared_ptr<server_exchange>)>;

/// An HTTP/1.1 server on threads of its own (Boost.Beast): keep-alive, bounded
/// bodies, bounded buffers. Malformed requests are answered with 400, too large
/// bodies with 413 and headers (16 KiB) with 431, slow requests with 408 and
/// connections above the limit with 503, all with the API's error body; the
/// handler does not see them. HEAD reaches it as GET.
class http_server {
public:
  virtual ~http_server() = default;

  /// The port that is listened on.
  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;

  /// Stops accepting, ends all streams, closes idle connections, and waits up
  /// to `grace` for answers in progress. Idempotent. Not from a server thread.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

/// Errors: errc::unavailable when the address cannot be listened on, with what
/// to do about it.
runtime::result<std::unique_ptr<http_server>>
start_http_server(const http_server_options& options, request_handler handler);

} // namespace perdure::actors

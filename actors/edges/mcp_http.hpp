#pragma once

#include "actors/edges/http_client.hpp"
#include "actors/edges/mcp_link.hpp"
#include "runtime/sse_decoder.hpp"

#include <functional>
#include <variant>

/// What both links over HTTP have in common.
namespace perdure::actors {

struct mcp_http_options {
  std::shared_ptr<http_client> http;
  std::string url;
  /// Of every request.
  runtime::mcp::header_list headers;
  /// Asked for each request; absent or empty for none.
  std::function<std::string()> token;
  /// Of one message; a larger one ends its exchange.
  std::uint64_t message_max_bytes = 32ull << 20;
  std::chrono::milliseconds connect_timeout{10'000};
};

/// A request with the headers of `options`, then `headers`. It may take for
/// ever: how long a call may take is the session's business.
http_request
mcp_http_request(const mcp_http_options& options, std::string method,
                 const std::string& url, runtime::mcp::header_list headers,
                 std::string body = {});

/// What came of a request.
using http_arrival = std::variant<http_head, std::string, http_failure>;

/// Hands on what arrives on the client's thread, piece by piece, on `queue`.
std::shared_ptr<http_receiver>
queued_receiver(std::shared_ptr<work_queue> queue,
                std::function<void(http_arrival&)> take);

/// One answer while it comes.
class mcp_http_answer {
public:
  enum class form {
    /// Nothing came.
    none,
    /// A stream of events.
    events,
    /// A message, or nothing.
    whole,
    /// No success.
    refused,
    /// A success, but no message.
    strange,
  };

  explicit mcp_http_answer(std::uint64_t message_max_bytes);

  void begin(http_head head);

  /// @param events gets those that are complete, if it is a stream
  /// @returns false when a message is too large
  [[nodiscard]] bool
  feed(std::string_view chunk, std::vector<runtime::sse_event>& events);

  /// The whole answer came.
  void finish(std::vector<runtime::sse_event>& events);

  [[nodiscard]] form shape() const noexcept {
    return form_;
  }

  [[nodiscard]] unsigned status() const noexcept {
    return head_.status;
  }

  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    return head_.header(name);
  }

  /// Of all but events; cut for `refused` and `strange`.
  [[nodiscard]] const std::string& body() const noexcept {
    return body_;
  }

  [[nodiscard]] const runtime::sse_decoder& events() const noexcept {
    return decoder_;
  }

  /// What is wrong with `refused`, `strange`, or a message that is too large.
  [[nodiscard]] runtime::mcp::link_failure failure() const;

private:
  std::uint64_t message_max_bytes_;
  form form_ = form::none;
  http_head head_;
  runtime::sse_decoder decoder_;
  std::string body_;
  bool is_too_large_ = false;
};

runtime::mcp::link_failure broken(std::string message);

} // namespace perdure::actors

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::client {

struct http_request {
  std::string method = "GET";
  /// Path and query below the node's URL.
  std::string target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// How far an exchange came.
enum class link {
  /// The whole reply is here, or the sink wanted no more.
  ok,
  /// Nobody was there: nothing of the request can have arrived.
  refused,
  /// The connection broke or fell silent: the request may have arrived.
  lost,
  /// It can never work: a bad certificate, not HTTP, a reply beyond all bounds.
  unusable,
  /// Ctrl-C.
  interrupted,
};

struct http_reply {
  client::link link = client::link::ok;
  /// What the system says of a link that is not ok.
  std::string link_error;
  unsigned status = 0;
  /// Without what the sink took.
  std::string body;
  /// What the node asked for (`Retry-After`).
  std::optional<std::chrono::milliseconds> retry_after;
};

/// Takes the pieces of a reply with status 200. @returns false when it has
/// enough.
using body_sink = std::function<bool(std::string_view)>;

/// Sends one request after the other to one node; blocks.
class http_connection {
public:
  virtual ~http_connection() = default;

  /// With a `sink` the reply may take for ever, as long as bytes keep coming.
  virtual http_reply send(const http_request& request, const body_sink& sink)
    = 0;
};

} // namespace perdure::client

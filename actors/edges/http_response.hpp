#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::actors {

enum class http_framing : std::uint8_t {
  length,
  chunked,
  /// The end of the connection ends the body.
  until_close,
};

/// All that decides on the head of an answer.
struct http_response_head {
  unsigned status = 200;
  std::string_view content_type;
  http_framing framing = http_framing::length;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  /// The peer speaks HTTP/1.0 and has to be told about keep-alive.
  bool old_peer = false;
  std::string_view date;
};

using http_fields = std::vector<std::pair<std::string, std::string>>;

/// Appends the head to `out`. Fields that would break the message (line
/// breaks) or its framing are left out.
void append_head(std::string& out, const http_response_head& head,
                 const http_fields& fields);

/// Whether an answer with `status` has a body at all.
[[nodiscard]] bool has_body(unsigned status) noexcept;

/// The API's error body.
std::string error_body(std::string_view type, std::string_view message);

} // namespace perdure::actors

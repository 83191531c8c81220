#pragma once

#include "runtime/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::replay {

/// How an answer ends.
enum class ending : std::uint8_t {
  complete,
  /// The connection is closed after `bytes_max` bytes of the body.
  cut_off,
  /// Nothing follows after `bytes_max` bytes of the body.
  stalled,
};

/// What the server says to one request.
struct answer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  ending end = ending::complete;
  /// Of the body, before an end that is not `complete`.
  std::size_t bytes_max = 0;

  /// Whether the body goes out in pieces.
  [[nodiscard]] bool is_stream() const;
};

/// Reads the answers of recorded exchanges, in order: `{"exchanges":
/// [{"request": {...}, "response": {"status", "content_type", "body"}}]}`,
/// where a body is text, or JSON in place.
/// Errors: errc::invalid_argument naming what is wrong with the text
runtime::result<std::vector<answer>> parse_recording(std::string_view text);
runtime::result<std::vector<answer>>
load_recording(const std::filesystem::path& file);

} // namespace perdure::replay

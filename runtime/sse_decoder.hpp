#pragma once

#include "runtime/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// One server-sent event.
struct sse_event {
  /// Empty when the sender named none (a `message`).
  std::string event;
  /// Lines of `data`, joined by line feeds.
  std::string data;
  /// The last id that the stream named, here or before.
  std::string id;
};

/// Cuts a stream of bytes into server-sent events.
///
/// Takes chunks of any size; bytes are passed through as they are, so a
/// character may be split between chunks. Unlike a browser it hands out an
/// event whose blank line is missing at the end of the stream: senders forget
/// it.
///
/// Errors:  errc::payload_too_large, after which nothing more is decoded
/// Source:  the "Server-sent events" section of the WHATWG HTML standard
class sse_decoder {
public:
  static constexpr std::size_t default_event_size_max = std::size_t{16} << 20;

  explicit sse_decoder(std::size_t event_size_max = default_event_size_max);

  /// Appends the events that `bytes` complete to `events`.
  result<unit> feed(std::string_view bytes, std::vector<sse_event>& events);

  /// The stream is over: appends what is left.
  result<unit> finish(std::vector<sse_event>& events);

  /// The delay before a new connection that the sender asked for last.
  [[nodiscard]] std::optional<std::chrono::milliseconds>
  reconnect_delay() const noexcept {
    return reconnect_delay_;
  }

  /// The last id that the stream named, be it in an event without data.
  [[nodiscard]] const std::string& last_id() const noexcept {
    return last_id_;
  }

private:
  void end_line(std::vector<sse_event>& events);
  void dispatch(std::vector<sse_event>& events);
  void field(std::string_view name, std::string_view value);
  result<unit> too_large();

  std::size_t event_size_max_;
  std::string line_;
  sse_event event_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> reconnect_delay_;
  bool has_data_ = false;
  bool is_first_line_ = true;
  /// The last byte was a carriage return: a line feed now belongs to it.
  bool after_return_ = false;
  bool is_too_large_ = false;
};

} // namespace perdure::runtime

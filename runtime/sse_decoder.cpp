#include "runtime/sse_decoder.hpp"

#include <charconv>
#include <cstdint>

namespace perdure::runtime {

sse_decoder::sse_decoder(std::size_t event_size_max)
  : event_size_max_(event_size_max) {
  // nop
}

result<unit>
sse_decoder::feed(std::string_view bytes, std::vector<sse_event>& events) {
  if (is_too_large_)
    return too_large();
  if (after_return_ && !bytes.empty()) {
    after_return_ = false;
    if (bytes.front() == '\n')
      bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const auto end = bytes.find_first_of("\r\n");
    const auto size = end == std::string_view::npos ? bytes.size() : end;
    if (line_.size() + event_.data.size() + size > event_size_max_)
      return too_large();
    line_.append(bytes.substr(0, size));
    if (end == std::string_view::npos)
      return ok();
    const auto is_return = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (is_return) {
      if (bytes.empty())
        after_return_ = true;
      else if (bytes.front() == '\n')
        bytes.remove_prefix(1);
    }
    end_line(events);
  }
  return ok();
}

result<unit> sse_decoder::finish(std::vector<sse_event>& events) {
  if (is_too_large_)
    return too_large();
  if (!line_.empty())
    end_line(events);
  dispatch(events);
  return ok();
}

void sse_decoder::end_line(std::vector<sse_event>& events) {
  std::string_view line = line_;
  if (is_first_line_) {
    is_first_line_ = false;
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (line.starts_with(byte_order_mark))
      line.remove_prefix(byte_order_mark.size());
  }
  if (line.empty()) {
    dispatch(events);
  } else if (line.front() != ':') {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      field(line, {});
    } else {
      auto value = line.substr(colon + 1);
      if (value.starts_with(' '))
        value.remove_prefix(1);
      field(line.substr(0, colon), value);
    }
  }
  line_.clear();
}

void sse_decoder::dispatch(std::vector<sse_event>& events) {
  if (has_data_) {
    event_.id = last_id_;
    events.push_back(std::move(event_));
  }
  event_ = {};
  has_data_ = false;
}

void sse_decoder::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_)
      event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.event = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos)
      last_id_ = value;
  } else if (name == "retry") {
    std::uint32_t delay_ms = 0;
    const auto* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, delay_ms);
    if (error == std::errc{} && rest == end)
      reconnect_delay_ = std::chrono::milliseconds{delay_ms};
  }
}

result<unit> sse_decoder::too_large() {
  is_too_large_ = true;
  line_ = {};
  event_ = {};
  return failure{errc::payload_too_large,
                 "an event of the stream is larger than "
                   + std::to_string(event_size_max_) + " bytes"};
}

} // namespace perdure::runtime

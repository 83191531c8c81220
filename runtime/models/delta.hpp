#pragma once

#include "runtime/messages/message.hpp"

#include <cstdint>
#include <variant>

namespace perdure::runtime {

// What a watcher sees of a response while the model speaks. Field names as in
// the stream events of the message history's library.

struct text_delta {
  std::string content_delta;
};

struct thinking_delta {
  std::string content_delta;
  optional_text signature_delta;
};

struct tool_call_delta {
  optional_text tool_name_delta;
  std::string args_delta;
  optional_text tool_call_id;
};

/// A part begins; it may already hold content.
struct part_started {
  std::uint32_t index = 0;
  response_part part;
};

struct part_grew {
  std::uint32_t index = 0;
  std::variant<text_delta, thinking_delta, tool_call_delta> delta;
};

struct part_ended {
  std::uint32_t index = 0;
  response_part part;
};

using response_event = std::variant<part_started, part_grew, part_ended>;

} // namespace perdure::runtime

#pragma once

#include <cstdint>

namespace perdure::runtime::mcp {

/// What a tool asks of its server. Append only, never renumber.
enum class tool_action : std::uint8_t {
  /// One of the server's own tools is called.
  call = 0,
  list_resources = 1,
  list_templates = 2,
  read_resource = 3,
  list_prompts = 4,
  get_prompt = 5,
};

} // namespace perdure::runtime::mcp

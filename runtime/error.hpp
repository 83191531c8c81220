#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace perdure::runtime {

/// Error codes of the project. Values are part of the journal and of the wire
/// format: append only, never renumber. `docs/errors.md` has a row for each:
/// `PERDURE-0007` is the code with value 7. Code 0 is never sent.
enum class errc : std::uint8_t {
  none = 0,
  // -- what a caller or an author of a file gets wrong
  invalid_argument = 1,
  invalid_agent_file = 2,
  invalid_node_file = 3,
  invalid_message_history = 4,
  unknown_agent = 5,
  unknown_model = 6,
  missing_api_key = 7,
  unsupported_schema = 8,
  run_not_found = 9,
  conflict = 10,
  unauthorized = 11,
  payload_too_large = 12,
  // -- the journal
  storage_full = 20,
  storage_corrupt = 21,
  storage_format = 22,
  storage_locked = 23,
  storage_io = 24,
  stale_append = 25,
  // -- model requests
  model_http_error = 30,
  model_network_error = 31,
  model_bad_response = 32,
  model_timeout = 33,
  content_filtered = 34,
  token_limit_reached = 35,
  incomplete_tool_call = 36,
  model_job_expired = 37,
  // -- tools, outputs, limits
  tool_error = 40,
  tool_timeout = 41,
  tool_retries_exceeded = 42,
  output_retries_exceeded = 43,
  usage_limit_exceeded = 44,
  run_time_limit_exceeded = 45,
  outcome_unknown = 46,
  approval_expired = 47,
  event_handler_failed = 48,
  // -- MCP servers
  mcp_unavailable = 50,
  mcp_error = 51,
  mcp_unauthorized = 52,
  // -- the node
  cancelled = 60,
  overloaded = 61,
  unavailable = 62,
  internal = 63,
};

/// Returns the stable name of `code`, e.g. "storage_full"; it is the `type` of
/// an API error.
std::string_view to_string(errc code) noexcept;

/// The code as people look it up, e.g. "PERDURE-0007".
std::string number_of(errc code);

/// The inverse of `to_string`; `errc::internal` for an unknown name.
errc errc_from_string(std::string_view name) noexcept;

} // namespace perdure::runtime

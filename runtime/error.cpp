#include "runtime/error.hpp"

#include <array>
#include <utility>

namespace perdure::runtime {

namespace {

constexpr auto names = std::to_array<std::pair<errc, std::string_view>>({
  {errc::none, "none"},
  {errc::invalid_argument, "invalid_argument"},
  {errc::invalid_agent_file, "invalid_agent_file"},
  {errc::invalid_node_file, "invalid_node_file"},
  {errc::invalid_message_history, "invalid_message_history"},
  {errc::unknown_agent, "unknown_agent"},
  {errc::unknown_model, "unknown_model"},
  {errc::missing_api_key, "missing_api_key"},
  {errc::unsupported_schema, "unsupported_schema"},
  {errc::run_not_found, "run_not_found"},
  {errc::conflict, "conflict"},
  {errc::unauthorized, "unauthorized"},
  {errc::payload_too_large, "payload_too_large"},
  {errc::storage_full, "storage_full"},
  {errc::storage_corrupt, "storage_corrupt"},
  {errc::storage_format, "storage_format"},
  {errc::storage_locked, "storage_locked"},
  {errc::storage_io, "storage_io"},
  {errc::stale_append, "stale_append"},
  {errc::model_http_error, "model_http_error"},
  {errc::model_network_error, "model_network_error"},
  {errc::model_bad_response, "model_bad_response"},
  {errc::model_timeout, "model_timeout"},
  {errc::content_filtered, "content_filtered"},
  {errc::token_limit_reached, "token_limit_reached"},
  {errc::incomplete_tool_call, "incomplete_tool_call"},
  {errc::model_job_expired, "model_job_expired"},
  {errc::tool_error, "tool_error"},
  {errc::tool_timeout, "tool_timeout"},
  {errc::tool_retries_exceeded, "tool_retries_exceeded"},
  {errc::output_retries_exceeded, "output_retries_exceeded"},
  {errc::usage_limit_exceeded, "usage_limit_exceeded"},
  {errc::run_time_limit_exceeded, "run_time_limit_exceeded"},
  {errc::outcome_unknown, "outcome_unknown"},
  {errc::approval_expired, "approval_expired"},
  {errc::event_handler_failed, "event_handler_failed"},
  {errc::mcp_unavailable, "mcp_unavailable"},
  {errc::mcp_error, "mcp_error"},
  {errc::mcp_unauthorized, "mcp_unauthorized"},
  {errc::cancelled, "cancelled"},
  {errc::overloaded, "overloaded"},
  {errc::unavailable, "unavailable"},
  {errc::internal, "internal"},
});

} // namespace

std::string_view to_string(errc code) noexcept {
  for (const auto& [value, name] : names)
    if (value == code)
      return name;
  return "unknown";
}

std::string number_of(errc code) {
  auto digits = std::to_string(static_cast<int>(code));
  return "PERDURE-" + std::string(4 - digits.size(), '0') + digits;
}

errc errc_from_string(std::string_view name) noexcept {
  for (const auto& [value, text] : names)
    if (text == name)
      return value;
  return errc::internal;
}

} // namespace perdure::runtime

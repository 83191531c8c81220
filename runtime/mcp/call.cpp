#include "runtime/mcp/call.hpp"

#include "runtime/mcp/rpc.hpp"
#include "runtime/policy/task_policy.hpp"

namespace perdure::runtime::mcp {

bool call_failure::is_retryable() const noexcept {
  switch (kind) {
    case call_failure_kind::lost:
    case call_failure_kind::not_sent:
    case call_failure_kind::timed_out:
      return true;
    case call_failure_kind::refused:
      return is_retryable_status(http_status);
    case call_failure_kind::cancelled:
    case call_failure_kind::unauthorized:
    case call_failure_kind::bad_answer:
    case call_failure_kind::unusable:
      return false;
  }
  return false;
}

errc call_failure::code_of_error() const noexcept {
  switch (kind) {
    case call_failure_kind::lost:
    case call_failure_kind::not_sent:
    case call_failure_kind::unusable:
      return errc::mcp_unavailable;
    case call_failure_kind::timed_out:
      return errc::tool_timeout;
    case call_failure_kind::cancelled:
      return errc::cancelled;
    case call_failure_kind::unauthorized:
      return errc::mcp_unauthorized;
    case call_failure_kind::refused:
    case call_failure_kind::bad_answer:
      return errc::mcp_error;
  }
  return errc::mcp_error;
}

bool is_unknown_method(const call_outcome& outcome) noexcept {
  const auto* reason = std::get_if<call_failure>(&outcome);
  return reason != nullptr && reason->kind == call_failure_kind::refused
         && reason->code == rpc_code::method_not_found;
}

} // namespace perdure::runtime::mcp

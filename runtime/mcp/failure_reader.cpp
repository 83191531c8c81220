#include "runtime/mcp/failure_reader.hpp"

#include <utility>

namespace perdure::runtime::mcp {

namespace {

constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;

call_failure from_status(const link_failure& reason) {
  call_failure out;
  if (const auto error = error_in_body(reason))
    out = to_call_failure(*error);
  else if (reason.message.empty())
    out.message
      = "the server answered with status " + std::to_string(reason.http_status);
  if (reason.http_status == unauthorized || reason.http_status == forbidden)
    out.kind = call_failure_kind::unauthorized;
  return out;
}

} // namespace

std::optional<rpc_error> error_in_body(const link_failure& reason) {
  if (reason.body.empty())
    return std::nullopt;
  auto messages = parse_messages(reason.body, batches::refused);
  auto* answer = std::get_if<rpc_answer>(&messages.front());
  auto* error
    = answer == nullptr ? nullptr : std::get_if<rpc_error>(&answer->outcome);
  if (error == nullptr)
    return std::nullopt;
  return std::move(*error);
}

call_failure to_call_failure(const link_failure& reason) {
  call_failure out;
  switch (reason.what) {
    case link_failure::kind::broken:
    case link_failure::kind::session_lost:
      out.kind = call_failure_kind::lost;
      break;
    case link_failure::kind::bad_answer:
      out.kind = call_failure_kind::bad_answer;
      break;
    case link_failure::kind::unusable:
      out.kind = call_failure_kind::unusable;
      break;
    case link_failure::kind::http_status:
      out = from_status(reason);
      break;
  }
  if (out.message.empty())
    out.message = reason.message;
  out.http_status = reason.http_status;
  out.challenge = reason.challenge;
  return out;
}

call_failure to_call_failure(const rpc_error& reason) {
  call_failure out;
  out.message = reason.message.empty() ? "error " + std::to_string(reason.code)
                                       : reason.message;
  out.code = reason.code;
  out.data = reason.data;
  return out;
}

} // namespace perdure::runtime::mcp

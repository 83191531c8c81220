#include "runtime/models/wire_error.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace perdure::runtime {

namespace {

/// Another attempt cannot help, whatever the status says.
constexpr auto terminal_names = std::to_array<std::string_view>({
  "authentication_error",
  "billing_error",
  "billing_hard_limit_reached",
  "billing_not_active",
  "content_filter",
  "content_policy_violation",
  "context_length_exceeded",
  "insufficient_quota",
  "invalid_api_key",
  "invalid_prompt",
  "model_not_found",
  "not_found_error",
  "permission_error",
});

/// The request was good; what the model or the server made of it was not.
constexpr auto retryable_names = std::to_array<std::string_view>({
  "api_error",
  "internal_error",
  "internal_server_error",
  "overloaded",
  "overloaded_error",
  "rate_limit_error",
  "rate_limit_exceeded",
  "request_timeout",
  "server_error",
  "service_unavailable",
  "timeout",
  "timeout_error",
  "tool_use_failed",
  "upstream_error",
});

/// The request was at fault. A status that came with it says more.
constexpr auto request_names = std::to_array<std::string_view>(
  {"invalid_request_error", "request_too_large"});

template <class Names>
bool names_any(const json& error, const Names& names) {
  for (const auto* key : {"code", "type"}) {
    const auto text = text_or_empty(error, key);
    if (std::find(names.begin(), names.end(), text) != names.end())
      return true;
  }
  return false;
}

/// An HTTP status inside the error, as a number or as text; 0 for none.
unsigned status_in(const json& error) {
  for (const auto* key : {"status_code", "status", "code"}) {
    const auto* found = find_value(error, key);
    if (found == nullptr)
      continue;
    auto number = to_integer(*found).value_or(0);
    if (const auto* text = found->get_ptr<const std::string*>()) {
      const auto* const end = text->data() + text->size();
      if (std::from_chars(text->data(), end, number).ptr != end)
        number = 0;
    }
    if (number >= 400 && number <= 599)
      return static_cast<unsigned>(number);
  }
  return 0;
}

/// The delay that Google asks for, inside the error: `"retryDelay": "12.5s"`.
std::optional<std::chrono::milliseconds> delay_in(const json& error) {
  const auto* details = find_array(error, "details");
  if (details == nullptr)
    return std::nullopt;
  for (const auto& detail : *details) {
    const auto text = text_or_empty(detail, "retryDelay");
    if (text.ends_with('s'))
      return parse_retry_after(text.substr(0, text.size() - 1), {});
  }
  return std::nullopt;
}

std::string message_in(const json& error) {
  if (const auto* text = error.get_ptr<const std::string*>())
    return snippet(*text, 1000);
  std::string message;
  for (const auto* key : {"message", "detail", "error_description"}) {
    message = snippet(text_or_empty(error, key), 1000);
    if (!message.empty())
      break;
  }
  // A gateway's own message says little; the provider behind it says more.
  if (const auto* metadata = find_object(error, "metadata")) {
    const auto raw = text_or_empty(*metadata, "raw");
    if (!raw.empty())
      message += " (" + snippet(raw) + ")";
  }
  return message.empty() ? snippet(to_text(error)) : message;
}

} // namespace

const json* find_error(const json& body) {
  const auto* error = find_value(body, "error");
  if (error == nullptr || error->empty())
    return nullptr;
  if (error->is_object())
    return error;
  const auto* text = error->get_ptr<const std::string*>();
  return text != nullptr && !text->empty() ? error : nullptr;
}

attempt_failure
failure_of_error(const json& error, const error_context& context) {
  attempt_failure reason;
  reason.code = errc::model_http_error;
  const auto status = context.status != 0 ? context.status : status_in(error);
  reason.status = static_cast<std::uint16_t>(status);
  if (names_any(error, terminal_names))
    reason.retryable = false;
  else if (names_any(error, retryable_names))
    reason.retryable = true;
  else if (status != 0)
    reason.retryable = is_retryable_status(status);
  else if (names_any(error, request_names))
    reason.retryable = false;
  else
    reason.retryable = context.retry_unknown;
  if (reason.retryable)
    reason.retry_after = delay_in(error);
  constexpr auto filter_names = std::to_array<std::string_view>(
    {"content_filter", "content_policy_violation"});
  if (names_any(error, filter_names))
    reason.code = errc::content_filtered;
  reason.message = context.model_name;
  if (status != 0)
    reason.message += ": HTTP " + std::to_string(status);
  const auto message = message_in(error);
  reason.message += message.empty() ? ", without a message" : ": " + message;
  return reason;
}

attempt_failure bad_response(std::string_view model_name,
                             const std::string& reason, bool retryable) {
  attempt_failure failed;
  failed.code = errc::model_bad_response;
  failed.message = std::string{model_name} + ": " + reason;
  failed.retryable = retryable;
  return failed;
}

} // namespace perdure::runtime

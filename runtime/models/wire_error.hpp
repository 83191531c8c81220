#pragma once

#include "runtime/json.hpp"
#include "runtime/policy/task_policy.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace perdure::runtime {

/// What is known of an error object's surroundings.
struct error_context {
  std::string_view model_name;
  /// HTTP status; 0 when the error came inside a successful response.
  unsigned status = 0;
  /// Whether an error that names no known class is worth another attempt.
  bool retry_unknown = false;
};

/// The error that `body` reports: an object or a text; null for none.
const json* find_error(const json& body);

/// The failure that a provider's error object stands for. Its class comes from
/// the codes in it, where they are known, else from the status.
attempt_failure
failure_of_error(const json& error, const error_context& context);

/// errc::model_bad_response, beginning with the model's name.
attempt_failure bad_response(std::string_view model_name,
                             const std::string& reason, bool retryable);

} // namespace perdure::runtime

#pragma once

#include "runtime/messages/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace perdure::runtime {

/// Bounds of one run. Nothing set means no bound, but for `request_limit`.
struct usage_limits {
  std::optional<std::int64_t> request_limit = 50;
  std::optional<std::int64_t> tool_calls_limit;
  std::optional<std::int64_t> input_tokens_limit;
  std::optional<std::int64_t> output_tokens_limit;
  std::optional<std::int64_t> total_tokens_limit;
  std::optional<std::int64_t> per_request_input_tokens_limit;
  /// Wall clock, from the moment the run was created (or was due to start).
  std::optional<std::chrono::milliseconds> time_limit;
};

/// @returns errc::usage_limit_exceeded when another request is over a limit
result<unit>
check_before_request(const usage_limits& limits, const run_usage& used);
/// @returns errc::usage_limit_exceeded when what was used is over a limit
result<unit> check_after_response(const usage_limits& limits,
                                  const run_usage& used, const usage& last);
/// @returns errc::usage_limit_exceeded when `count` more calls are over it
result<unit> check_before_calls(const usage_limits& limits,
                                const run_usage& used, std::int64_t count);

/// Keys as the fields; `time_limit_seconds` for the wall clock. Null lifts a
/// limit. @returns errc::invalid_argument naming the key and the valid ones
result<usage_limits>
usage_limits_from_json(const json& value, usage_limits base = {});
json to_json(const usage_limits& limits);

} // namespace perdure::runtime

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <perdure/json.hpp>

namespace perdure {

/// Bounds of one run; a run over one of them fails. Absent: no bound.
struct usage_limits {
  std::optional<std::int64_t> request_limit = 50;
  std::optional<std::int64_t> tool_calls_limit = {};
  std::optional<std::int64_t> input_tokens_limit = {};
  std::optional<std::int64_t> output_tokens_limit = {};
  std::optional<std::int64_t> total_tokens_limit = {};
  std::optional<std::int64_t> per_request_input_tokens_limit = {};
  /// Wall clock, from the moment that the run was created.
  std::optional<std::chrono::milliseconds> time_limit = {};
};

/// What a run has used.
struct run_usage {
  /// Of models.
  std::int64_t requests = 0;
  /// Successful calls of tools.
  std::int64_t tool_calls = 0;
  /// Cached ones included.
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  /// All that is known, in the form of the message history.
  json details = {};
};

} // namespace perdure

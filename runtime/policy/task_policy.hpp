#pragma once

#include "runtime/error.hpp"
#include "runtime/json.hpp"
#include "runtime/policy/cache_policy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// What happens to a task whose intent is journaled and whose outcome is not,
/// after its owner died. Append only, never renumber.
enum class on_interrupt : std::uint8_t {
  /// Run it again under the same idempotency key.
  retry = 0,
  /// Do not run it again; the model is told that the outcome is unknown.
  fail = 1,
  /// The run waits for a person.
  ask = 2,
};

/// How the attempts of one task are made. The only layer that retries.
struct task_policy {
  /// Attempts after the first one. Range: 0 to 1000.
  std::uint32_t retries = 0;

  /// Delay before the n-th retry; the last one repeats. Empty: exponential
  /// backoff from 1 s, doubling, with full jitter on its upper half.
  std::vector<std::chrono::milliseconds> retry_delays;

  /// Upper bound of any delay, `Retry-After` included.
  std::chrono::milliseconds delay_max{std::chrono::minutes{15}};

  /// Upper bound of one attempt.
  std::optional<std::chrono::milliseconds> timeout;

  runtime::on_interrupt on_interrupt = runtime::on_interrupt::retry;

  cache_policy cache;
};

/// Why an attempt failed, as far as the next step depends on it.
struct attempt_failure {
  errc code = errc::internal;
  std::string message;
  /// The same request may succeed later: network, 408, 409, 425, 429, 5xx.
  bool retryable = false;
  /// What the other side asked for (`Retry-After`).
  std::optional<std::chrono::milliseconds> retry_after;
  /// HTTP status, 0 when there was none.
  std::uint16_t status = 0;
};

/// Whether an HTTP status is worth another attempt.
bool is_retryable_status(unsigned status) noexcept;

/// Delay before the attempt that follows `attempt` (counted from 1).
/// `random` is uniform in [0, 1); the same value gives the same delay.
std::chrono::milliseconds
retry_delay(const task_policy& policy, std::uint32_t attempt,
            const attempt_failure& reason, double random);

/// Reads `Retry-After`: seconds, which may have a fraction, or an HTTP date. A
/// date in the past is no delay.
std::optional<std::chrono::milliseconds>
parse_retry_after(std::string_view value,
                  std::chrono::system_clock::time_point now);

/// Reads `retry-after-ms`, which some providers send besides.
std::optional<std::chrono::milliseconds>
parse_retry_after_ms(std::string_view value);

/// `{retries, retry_delay_seconds, retry_delay_max_seconds, timeout_seconds,
/// on_interrupt, cache_policy, cache_exclude, cache_expiration, cache_scope}`;
/// keys left out of `value` keep what `base` says. A null
/// `retry_delay_seconds`, `timeout_seconds`, `cache_exclude` or
/// `cache_expiration` goes back to the default.
/// @returns errc::invalid_agent_file naming the key and what is valid
result<task_policy> task_policy_from_json(const json& value, task_policy base);
json to_json(const task_policy& policy);

} // namespace perdure::runtime

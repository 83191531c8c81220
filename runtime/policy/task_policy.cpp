#include "runtime/policy/task_policy.hpp"

#include "runtime/field_reader.hpp"

#include <algorithm>
#include <cmath>

namespace perdure::runtime {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t retries_max = 1000;
constexpr std::size_t delays_max = 1000;

/// Doubles from 1 s; the upper half is random, so that the runs that one outage
/// stopped do not come back at the same moment.
milliseconds backoff(std::uint32_t attempt, milliseconds max, double random) {
  // 2^40 s is more than any bound and far from an overflow.
  const auto exponent = std::min(attempt - 1, 40u);
  const auto full = std::min(milliseconds{1000LL << exponent}, max);
  // Also turns what is no number into 0.
  const auto share = random > 0.0 ? std::min(random, 1.0) : 0.0;
  const auto half = full / 2;
  const auto jitter = static_cast<double>((full - half).count()) * share;
  return half + milliseconds{std::llround(jitter)};
}

void read_delays(field_reader& in, const json& value, task_policy& out) {
  constexpr auto reason
    = "must be a number of seconds that is not negative, or a list of them";
  out.retry_delays.clear();
  const auto add = [&](const json& item) {
    if (const auto delay = to_milliseconds(item))
      out.retry_delays.push_back(*delay);
    else
      in.fail("retry_delay_seconds", reason);
  };
  if (!value.is_array()) {
    add(value);
    return;
  }
  if (value.size() > delays_max)
    in.fail("retry_delay_seconds", "must not have more than 1000 entries");
  for (const auto& item : value)
    add(item);
}

} // namespace

bool is_retryable_status(unsigned status) noexcept {
  switch (status) {
    case 408:
    case 409:
    case 425:
    case 429:
      return true;
    default:
      return status >= 500 && status <= 599;
  }
}

milliseconds retry_delay(const task_policy& policy, std::uint32_t attempt,
                         const attempt_failure& reason, double random) {
  const auto max = std::max(policy.delay_max, milliseconds{0});
  const auto number = std::max(attempt, 1u);
  milliseconds result{0};
  if (policy.retry_delays.empty()) {
    result = backoff(number, max, random);
  } else {
    const auto last = policy.retry_delays.size() - 1;
    result = policy.retry_delays[std::min<std::size_t>(number - 1, last)];
  }
  if (reason.retry_after)
    result = std::max(result, *reason.retry_after);
  return std::clamp(result, milliseconds{0}, max);
}

result<task_policy> task_policy_from_json(const json& value, task_policy base) {
  std::string problem;
  field_reader in{value, {}, problem};
  if (!value.is_object())
    return failure{errc::invalid_agent_file,
                   "the settings of a task must be an object"};
  in.only({"retries", "retry_delay_seconds", "retry_delay_max_seconds",
           "timeout_seconds", "on_interrupt", "cache_policy", "cache_exclude",
           "cache_expiration", "cache_scope"});
  if (value.contains("retries")) {
    const auto retries = in.count("retries");
    if (retries && *retries <= retries_max)
      base.retries = static_cast<std::uint32_t>(*retries);
    else
      in.fail("retries", "must be a whole number from 0 to 1000");
  }
  if (const auto delays = value.find("retry_delay_seconds");
      delays != value.end()) {
    if (delays->is_null())
      base.retry_delays.clear();
    else
      read_delays(in, *delays, base);
  }
  if (value.contains("retry_delay_max_seconds")) {
    const auto max = in.duration("retry_delay_max_seconds");
    if (max)
      base.delay_max = *max;
    else
      in.fail("retry_delay_max_seconds", "must be a number of seconds above 0");
  }
  if (value.contains("timeout_seconds"))
    base.timeout = in.duration("timeout_seconds");
  if (value.contains("on_interrupt")) {
    if (in.find("on_interrupt") == nullptr)
      in.fail("on_interrupt", "must be one of retry, fail, ask");
    // The names are in the order of the enum.
    base.on_interrupt = static_cast<on_interrupt>(
      in.choice("on_interrupt", {"retry", "fail", "ask"}));
  }
  read_cache_policy(in, value, base.cache);
  if (!problem.empty())
    return failure{errc::invalid_agent_file, std::move(problem)};
  return base;
}

json to_json(const task_policy& policy) {
  auto result = json::object();
  result["retries"] = policy.retries;
  auto& delays = result["retry_delay_seconds"] = nullptr;
  for (const auto delay : policy.retry_delays)
    delays.push_back(to_seconds(delay));
  result["retry_delay_max_seconds"] = to_seconds(policy.delay_max);
  result["timeout_seconds"]
    = policy.timeout ? to_seconds(*policy.timeout) : json{};
  constexpr const char* names[] = {"retry", "fail", "ask"};
  result["on_interrupt"] = names[static_cast<std::size_t>(policy.on_interrupt)];
  write_cache_policy(policy.cache, result);
  return result;
}

} // namespace perdure::runtime

#define CAF_SUITE runtime.task_policy

#include "runtime/policy/task_policy.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

using namespace perdure::runtime;

using namespace std::chrono_literals;

using std::chrono::milliseconds;

namespace {

// Sun, 06 Nov 1994 08:49:07 GMT
constexpr std::chrono::system_clock::time_point now{784'111'747s};

std::int64_t wait_ms(std::string_view value) {
  const auto delay = parse_retry_after(value, now);
  return delay ? delay->count() : -1;
}

result<task_policy> read(const char* text, task_policy base = {}) {
  return task_policy_from_json(*parse_json(text), std::move(base));
}

std::string problem(const char* text) {
  auto policy = read(text);
  CAF_REQUIRE(!policy);
  CAF_CHECK(policy.error().code == errc::invalid_agent_file);
  return policy.error().message;
}

} // namespace

CAF_TEST(without a list the delay doubles and its upper half is random) {
  const task_policy policy;
  CAF_CHECK(retry_delay(policy, 1, {}, 0.0) == 500ms);
  CAF_CHECK(retry_delay(policy, 1, {}, 0.5) == 750ms);
  CAF_CHECK(retry_delay(policy, 2, {}, 0.0) == 1000ms);
  CAF_CHECK(retry_delay(policy, 4, {}, 0.0) == 4000ms);
  CAF_CHECK(retry_delay(policy, 4, {}, 0.999) < 8000ms);
  CAF_CHECK(retry_delay(policy, 4, {}, 0.999) > 7900ms);
  CAF_CHECK(retry_delay(policy, 0, {}, 0.0) == 500ms);
}

CAF_TEST(no delay is above the bound) {
  task_policy policy;
  CAF_CHECK(retry_delay(policy, 4'294'967'295u, {}, 0.999999) <= 15min);
  CAF_CHECK(retry_delay(policy, 4'294'967'295u, {}, 0.0) == 450s);
  attempt_failure reason;
  reason.retry_after = 24h;
  CAF_CHECK(retry_delay(policy, 1, reason, 0.0) == 15min);
  policy.retry_delays = {1h};
  CAF_CHECK(retry_delay(policy, 1, {}, 0.0) == 15min);
  policy.delay_max = -1ms;
  CAF_CHECK(retry_delay(policy, 1, reason, 0.5) == 0ms);
}

CAF_TEST(random values out of range do no harm) {
  const task_policy policy;
  CAF_CHECK(retry_delay(policy, 1, {}, std::nan("")) == 500ms);
  CAF_CHECK(retry_delay(policy, 1, {}, -3.0) == 500ms);
  CAF_CHECK(retry_delay(policy, 1, {}, 7.0) == 1000ms);
}

CAF_TEST(a list is followed and its last entry repeats) {
  task_policy policy;
  policy.retry_delays = {10ms, 2s};
  CAF_CHECK(retry_delay(policy, 1, {}, 0.9) == 10ms);
  CAF_CHECK(retry_delay(policy, 2, {}, 0.9) == 2s);
  CAF_CHECK(retry_delay(policy, 99, {}, 0.9) == 2s);
}

CAF_TEST(the other side may ask for more but not for less) {
  attempt_failure reason;
  reason.retry_after = 30s;
  CAF_CHECK(retry_delay({}, 1, reason, 0.0) == 30s);
  reason.retry_after = 1ms;
  CAF_CHECK(retry_delay({}, 1, reason, 0.0) == 500ms);
}

CAF_TEST(the statuses worth another attempt) {
  for (unsigned status : {408u, 409u, 425u, 429u, 500u, 502u, 503u, 529u, 599u})
    CAF_CHECK(is_retryable_status(status));
  for (unsigned status : {0u, 200u, 301u, 400u, 401u, 403u, 404u, 422u, 600u})
    CAF_CHECK(!is_retryable_status(status));
}

CAF_TEST(retry after in seconds) {
  CAF_CHECK_EQUAL(wait_ms("0"), 0);
  CAF_CHECK_EQUAL(wait_ms("30"), 30'000);
  CAF_CHECK_EQUAL(wait_ms(" 1.5 "), 1500);
  CAF_CHECK_EQUAL(wait_ms("0.0019"), 1);
  CAF_CHECK_EQUAL(wait_ms("99999999999999999999999"), 3'155'760'000'000);
  CAF_CHECK(parse_retry_after_ms("20.5") == 21ms);
  CAF_CHECK(parse_retry_after_ms("250") == 250ms);
  CAF_CHECK(!parse_retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT"));
}

CAF_TEST(retry after as a date in its three forms) {
  CAF_CHECK_EQUAL(wait_ms("Sun, 06 Nov 1994 08:49:37 GMT"), 30'000);
  CAF_CHECK_EQUAL(wait_ms("Sunday, 06-Nov-94 08:49:37 GMT"), 30'000);
  CAF_CHECK_EQUAL(wait_ms("Sun Nov  6 08:49:37 1994"), 30'000);
  CAF_CHECK_EQUAL(wait_ms("Wed Nov 16 08:49:07 1994"), 864'000'000);
  CAF_CHECK_EQUAL(wait_ms("Sun, 06 Nov 1994 08:49:00 GMT"), 0);
  CAF_CHECK_EQUAL(wait_ms("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  CAF_CHECK_EQUAL(wait_ms("Sun, 06 Nov 1994 08:49:60 GMT"), 53'000);
  // 50 years ahead, and what seems to be 51 years ahead.
  CAF_CHECK(wait_ms("Sunday, 06-Nov-44 08:49:37 GMT") > 0);
  CAF_CHECK_EQUAL(wait_ms("Monday, 06-Nov-45 08:49:37 GMT"), 0);
  // The year after 99 is the next one.
  const std::chrono::system_clock::time_point new_year{946'684'799s};
  CAF_CHECK(parse_retry_after("Saturday, 01-Jan-00 00:00:09 GMT", new_year)
            == 10s);
}

CAF_TEST(retry after that means nothing) {
  for (const auto* value :
       {"", " ", "-5", "+5", "1e3", "inf", "nan", ".5", "5.", "1 2", "soon",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT!"})
    CAF_CHECK_EQUAL(value + std::string{": "} + std::to_string(wait_ms(value)),
                    value + std::string{": -1"});
}

CAF_TEST(keys that are left out keep the base) {
  task_policy base;
  base.retries = 7;
  base.timeout = 3s;
  base.retry_delays = {1s};
  auto same = read("{}", base);
  CAF_REQUIRE(static_cast<bool>(same));
  CAF_CHECK(same->retries == 7 && same->timeout == 3s);
  CAF_CHECK(same->retry_delays == base.retry_delays);
  auto other = read(R"({"retries": 2, "retry_delay_seconds": [0, 1.5],
                        "timeout_seconds": 0.25, "on_interrupt": "ask"})",
                    base);
  CAF_REQUIRE(static_cast<bool>(other));
  CAF_CHECK_EQUAL(other->retries, 2u);
  CAF_CHECK((other->retry_delays == std::vector<milliseconds>{0ms, 1500ms}));
  CAF_CHECK(other->timeout == 250ms);
  CAF_CHECK(other->on_interrupt == on_interrupt::ask);
  auto cleared
    = read(R"({"retry_delay_seconds": null, "timeout_seconds": null})", base);
  CAF_REQUIRE(static_cast<bool>(cleared));
  CAF_CHECK(cleared->retry_delays.empty() && !cleared->timeout);
}

CAF_TEST(a policy survives the way through JSON) {
  task_policy policy;
  policy.retries = 1000;
  policy.retry_delays = {1ms, 2s, 333ms};
  policy.delay_max = 1234567ms;
  policy.timeout = 1ms;
  policy.on_interrupt = on_interrupt::fail;
  auto again = task_policy_from_json(to_json(policy), {});
  CAF_REQUIRE(static_cast<bool>(again));
  CAF_CHECK(again->retries == policy.retries);
  CAF_CHECK(again->retry_delays == policy.retry_delays);
  CAF_CHECK(again->delay_max == policy.delay_max);
  CAF_CHECK(again->timeout == policy.timeout);
  CAF_CHECK(again->on_interrupt == policy.on_interrupt);
  CAF_CHECK(to_json(*again) == to_json(policy));
}

CAF_TEST(a wrong policy names the key and what is valid) {
  CAF_CHECK_EQUAL(problem(R"({"retry": 1})"),
                  "retry: unknown key; valid keys are retries, "
                  "retry_delay_seconds, retry_delay_max_seconds, "
                  "timeout_seconds, on_interrupt, cache_policy, "
                  "cache_exclude, cache_expiration, cache_scope");
  for (const auto* text :
       {R"({"retries": -1})", R"({"retries": 1001})", R"({"retries": "3"})",
        R"({"retries": 1.5})", R"({"retries": true})", R"({"retries": 1e300})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 8), "retries:");
  for (const auto* text :
       {R"({"retry_delay_seconds": -1})", R"({"retry_delay_seconds": "1"})",
        R"({"retry_delay_seconds": [1, null]})",
        R"({"retry_delay_seconds": {"a": 1}})",
        R"({"retry_delay_seconds": 1e300})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 20), "retry_delay_seconds:");
  for (const auto* text :
       {R"({"timeout_seconds": 0})", R"({"timeout_seconds": -0.5})",
        R"({"timeout_seconds": 0.0001})", R"({"timeout_seconds": "5s"})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 16), "timeout_seconds:");
  CAF_CHECK_EQUAL(problem(R"({"on_interrupt": "stop"})"),
                  "on_interrupt: must be one of retry, fail, ask, not "
                  "\"stop\"");
  for (const auto* text : {"[]", "null", "3", R"({"on_interrupt": null})",
                           R"({"retry_delay_max_seconds": null})"})
    CAF_CHECK(!read(text));
}

CAF_TEST(settings of the cache are read and kept) {
  const auto policy = read(R"({"cache_policy": "inputs", "cache_exclude":
    ["deps", "/a/b~1c"], "cache_expiration": 60, "cache_scope": "all"})");
  CAF_REQUIRE(policy);
  CAF_CHECK(policy->cache.mode == cache_mode::inputs);
  CAF_CHECK(policy->cache.scope == cache_scope::all);
  CAF_CHECK(policy->cache.expiration == 60s);
  CAF_REQUIRE_EQUAL(policy->cache.exclude.size(), 2u);
  CAF_CHECK_EQUAL(
    to_text(to_json(*task_policy_from_json(to_json(*policy), {}))),
    to_text(to_json(*policy)));
  const auto back
    = read(R"({"cache_exclude": null, "cache_expiration": null})", *policy);
  CAF_REQUIRE(back);
  CAF_CHECK(back->cache.exclude.empty());
  CAF_CHECK(!back->cache.expiration);
  CAF_CHECK(back->cache.mode == cache_mode::inputs);
  const auto keys = keys_of_pointer("/a/b~1c~0");
  CAF_REQUIRE(keys.has_value());
  CAF_CHECK(*keys == (std::vector<std::string>{"a", "b/c~"}));
}

CAF_TEST(wrong settings of the cache name the key) {
  for (const auto* text :
       {R"({"cache_exclude": "deps"})", R"({"cache_exclude": [""]})",
        R"({"cache_exclude": [1]})", R"({"cache_exclude": ["/a~2"]})",
        R"({"cache_exclude": ["/~"]})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 14), "cache_exclude:");
  for (const auto* text :
       {R"({"cache_expiration": 0})", R"({"cache_expiration": "1"})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 17), "cache_expiration:");
  for (const auto* text :
       {R"({"cache_policy": "all"})", R"({"cache_policy": null})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 13), "cache_policy:");
  for (const auto* text :
       {R"({"cache_scope": "run"})", R"({"cache_scope": null})"})
    CAF_CHECK_EQUAL(problem(text).substr(0, 12), "cache_scope:");
}

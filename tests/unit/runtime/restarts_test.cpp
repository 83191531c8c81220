#define CAF_SUITE runtime.restarts

#include "runtime/policy/restarts.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace std::chrono_literals;

namespace {

constexpr timestamp begin{1'000'000s};

/// Starts and ends again, as soon as it may, so many times.
timestamp fail_at_once(restarts& policy, std::size_t times, timestamp now) {
  for (; times > 0; --times) {
    now = std::max(now, policy.next_start());
    policy.ended(now);
  }
  return now;
}

} // namespace

CAF_TEST(what has never ended may start) {
  const restarts policy;
  CAF_CHECK(policy.next_start() <= begin);
  CAF_CHECK(!policy.is_quarantined(begin));
}

CAF_TEST(starts wait longer and longer) {
  restarts policy;
  for (const auto delay : {0ms, 250ms, 1'000ms, 4'000ms}) {
    const auto now = std::max(begin, policy.next_start());
    policy.ended(now);
    CAF_CHECK(policy.next_start() - now == delay);
    CAF_CHECK(!policy.is_quarantined(now));
  }
  CAF_CHECK_EQUAL(policy.count(), 4u);
}

CAF_TEST(a quarantine ends with one trial) {
  restarts policy;
  auto now = fail_at_once(policy, 5, begin);
  CAF_CHECK(policy.is_quarantined(now));
  CAF_CHECK(policy.next_start() - now == 60s);
  CAF_CHECK(!policy.is_quarantined(now + 60s));
  for (const auto length : {120s, 240s, 480s, 900s, 900s}) {
    now = fail_at_once(policy, 1, now);
    CAF_CHECK(policy.is_quarantined(now));
    CAF_CHECK(policy.next_start() - now == length);
  }
}

CAF_TEST(ends of long ago are forgotten) {
  restarts policy;
  auto now = begin;
  for (int i = 0; i < 20; ++i) {
    policy.ended(now);
    CAF_CHECK(policy.next_start() == now);
    now += 5min;
  }
  // A quarantine, too, when the trial went well for long enough.
  now = fail_at_once(policy, 5, now);
  CAF_CHECK(policy.is_quarantined(now));
  now += 60s + 5min;
  policy.ended(now);
  CAF_CHECK(!policy.is_quarantined(now));
  CAF_CHECK(policy.next_start() == now);
}

CAF_TEST(a person may end a quarantine) {
  restarts policy;
  const auto now = fail_at_once(policy, 5, begin);
  policy.forgive();
  CAF_CHECK(!policy.is_quarantined(now));
  CAF_CHECK(policy.next_start() <= now);
  policy.ended(now);
  CAF_CHECK(policy.next_start() == now);
}

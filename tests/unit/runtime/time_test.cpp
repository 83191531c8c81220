#define CAF_SUITE runtime.time

#include "runtime/time.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>
#include <random>

using namespace perdure::runtime;

namespace {

using std::chrono::microseconds;

timestamp at(std::int64_t count) {
  return timestamp{microseconds{count}};
}

std::string normalized(std::string_view text) {
  const auto time = from_iso(text);
  return time ? to_iso(*time) : "none";
}

} // namespace

CAF_TEST(the fraction has six digits or none) {
  CAF_CHECK_EQUAL(to_iso(at(0)), "1970-01-01T00:00:00Z");
  CAF_CHECK_EQUAL(to_iso(at(1)), "1970-01-01T00:00:00.000001Z");
  CAF_CHECK_EQUAL(to_iso(at(1'500'000)), "1970-01-01T00:00:01.500000Z");
  CAF_CHECK_EQUAL(to_iso(at(-1)), "1969-12-31T23:59:59.999999Z");
  CAF_CHECK_EQUAL(to_iso(at(1'767'323'045'000'006)),
                  "2026-01-02T03:04:05.000006Z");
}

CAF_TEST(every moment gives a text that can be read) {
  CAF_CHECK_EQUAL(to_iso(timestamp::min()), "0000-01-01T00:00:00Z");
  CAF_CHECK_EQUAL(to_iso(timestamp::max()), "9999-12-31T23:59:59.999999Z");
  CAF_CHECK(from_iso(to_iso(timestamp::min())).has_value());
  CAF_CHECK(from_iso(to_iso(timestamp::max())).has_value());
}

CAF_TEST(offsets and fractions of any length are read) {
  CAF_CHECK_EQUAL(normalized("2026-01-02T03:04:05+02:00"),
                  "2026-01-02T01:04:05Z");
  CAF_CHECK_EQUAL(normalized("2026-01-02T03:04:05-0530"),
                  "2026-01-02T08:34:05Z");
  CAF_CHECK_EQUAL(normalized("2026-01-02T03:04:05+00"), "2026-01-02T03:04:05Z");
  CAF_CHECK_EQUAL(normalized("2026-01-02 03:04Z"), "2026-01-02T03:04:00Z");
  CAF_CHECK_EQUAL(normalized("2026-01-02T03:04:05.1Z"),
                  "2026-01-02T03:04:05.100000Z");
  CAF_CHECK_EQUAL(normalized("2026-01-02T03:04:05.123456789z"),
                  "2026-01-02T03:04:05.123456Z");
  CAF_CHECK_EQUAL(normalized("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
}

CAF_TEST(what is no moment is refused) {
  for (const auto* text : {"",
                           "2026",
                           "2026-01-02",
                           "2026-01-02T03:04:05",
                           "2026-13-02T03:04:05Z",
                           "2025-02-29T00:00:00Z",
                           "2026-01-02T24:00:00Z",
                           "2026-01-02T03:60:00Z",
                           "2026-01-02T03:04:61Z",
                           "2026-01-02T03:04:05.Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-02T03:04:05Z ",
                           " 2026-01-02T03:04:05Z",
                           "2026-01-02T03:04:05+2",
                           "2026-01-02T03:04:05+24:00",
                           "2026-01-02T03:04:05+02:",
                           "-026-01-02T03:04:05Z",
                           "0000-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "now"})
    CAF_CHECK_EQUAL(std::string{text} + ": " + normalized(text),
                    std::string{text} + ": none");
}

CAF_TEST(random moments survive the way through the text) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937_64 random{seed};
  std::uniform_int_distribution<std::int64_t> moments{
    from_iso("0000-01-01T00:00:00Z")->time_since_epoch().count(),
    from_iso("9999-12-31T23:59:59Z")->time_since_epoch().count()};
  for (int i = 0; i < 2000; ++i) {
    const auto time = at(moments(random));
    CAF_REQUIRE(from_iso(to_iso(time)) == time);
  }
}

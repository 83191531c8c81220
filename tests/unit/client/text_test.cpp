#define CAF_SUITE client.text

#include "tools/perdure/table.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace perdure;
using namespace perdure::client;
using namespace std::chrono_literals;

CAF_TEST(width counts columns) {
  CAF_CHECK_EQUAL(display_width("abc"), 3u);
  CAF_CHECK_EQUAL(display_width("\xC3\xA9t\xC3\xA9"), 3u);
  CAF_CHECK_EQUAL(display_width("e\xCC\x81"), 1u);
  CAF_CHECK_EQUAL(display_width("\xE6\x97\xA5\xE6\x9C\xAC"), 4u);
  CAF_CHECK_EQUAL(display_width("\xF0\x9F\x98\x80"), 2u);
  CAF_CHECK_EQUAL(display_width("\xFF\xFF"), 2u);
}

CAF_TEST(controls and broken bytes are made visible) {
  CAF_CHECK_EQUAL(without_controls("a\x1b[0m\r\nb\tc"),
                  "a\xEF\xBF\xBD[0m\nb\tc");
  CAF_CHECK_EQUAL(without_controls("\xC2\x9B"), "\xEF\xBF\xBD");
  CAF_CHECK_EQUAL(without_controls("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  CAF_CHECK_EQUAL(without_controls("\xE6\x97"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  CAF_CHECK_EQUAL(one_line("  a \n\n b\t\n"), "a b");
}

CAF_TEST(clipping keeps characters whole and within the width) {
  CAF_CHECK_EQUAL(clip("abcdef", 4), "abc\xE2\x80\xA6");
  CAF_CHECK_EQUAL(clip("abcd", 4), "abcd");
  CAF_CHECK_EQUAL(clip("abcd", 0), "abcd");
  CAF_CHECK_EQUAL(clip("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 4),
                  "\xE6\x97\xA5\xE2\x80\xA6");
}

CAF_TEST(random bytes become text that a terminal may show) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    std::string text(random() % 40, ' ');
    for (auto& c : text)
      c = static_cast<char>(random());
    const auto shown = without_controls(text);
    CAF_CHECK(is_utf8(shown));
    CAF_CHECK(shown.find('\x1b') == std::string::npos);
    CAF_CHECK(display_width(clip(shown, 7)) <= 7);
    if (!is_utf8(shown) || display_width(clip(shown, 7)) > 7)
      CAF_MESSAGE("seed " << seed);
  }
}

CAF_TEST(columns are aligned by what is seen) {
  table rows{{"A", "B"}};
  rows.add({"\xE6\x97\xA5", "one\ntwo"});
  rows.add({"longer", "a very long text indeed"});
  CAF_CHECK_EQUAL(rows.text(0), "A       B\n"
                                "\xE6\x97\xA5      one two\n"
                                "longer  a very long text indeed\n");
  CAF_CHECK_EQUAL(rows.text(20), "A       B\n"
                                 "\xE6\x97\xA5      one two\n"
                                 "longer  a very long\xE2\x80\xA6\n");
}

CAF_TEST(times are told as a person would) {
  const auto now = test_time();
  CAF_CHECK_EQUAL(relative_time(now, now), "just now");
  CAF_CHECK_EQUAL(relative_time(now - 59s, now), "59 s ago");
  CAF_CHECK_EQUAL(relative_time(now - 200s, now), "3 min ago");
  CAF_CHECK_EQUAL(relative_time(now - 47h, now), "47 h ago");
  CAF_CHECK_EQUAL(relative_time(now - 49h, now), "2 d ago");
  CAF_CHECK_EQUAL(relative_time(now + 4s, now), "in 4 s");
  CAF_CHECK_EQUAL(duration_text(850ms), "850 ms");
  CAF_CHECK_EQUAL(duration_text(59'990ms), "59.9 s");
  CAF_CHECK_EQUAL(duration_text(185s), "3 min 5 s");
  CAF_CHECK_EQUAL(duration_text(2h), "2 h");
  CAF_CHECK_EQUAL(duration_text(75h), "3 d 3 h");
  CAF_CHECK_EQUAL(duration_text(-1s), "0 ms");
}

CAF_TEST(moments are times or ages) {
  const auto now = test_time();
  CAF_CHECK(moment_from("2h", now) == now - 2h);
  CAF_CHECK(moment_from("3d", now) == now - 72h);
  CAF_CHECK(moment_from("2026-01-02T03:04:05Z", now) == now);
  for (const auto* text : {"", "2", "h", "-2h", "2x", "2h ", "99999999999s"})
    CAF_CHECK(!moment_from(text, now));
}

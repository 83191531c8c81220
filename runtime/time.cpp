#include "runtime/time.hpp"

#include <algorithm>
#include <cstdio>

namespace perdure::runtime {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

// ISO-8601 without an agreement between the two sides ends at these years.
constexpr timestamp first_time = sys_days{std::chrono::year{0} / 1 / 1};
constexpr timestamp last_time
  = sys_days{std::chrono::year{10000} / 1 / 1} - microseconds{1};

/// Reads a text from left to right; after the first mismatch it stays failed.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {
    // nop
  }

  bool done() const noexcept {
    return rest_.empty();
  }

  char peek() const noexcept {
    return rest_.empty() ? '\0' : rest_.front();
  }

  char take() noexcept {
    const auto result = peek();
    if (!rest_.empty())
      rest_.remove_prefix(1);
    return result;
  }

  /// Takes one character out of `set`.
  bool one_of(std::string_view set) noexcept {
    if (done() || set.find(peek()) == std::string_view::npos)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Takes exactly `count` digits, at most `max` in value.
  bool number(int count, int max, int& out) noexcept {
    out = 0;
    for (int i = 0; i < count; ++i) {
      if (!is_digit(peek()))
        return false;
      out = out * 10 + (take() - '0');
    }
    return out <= max;
  }

  /// Takes digits after the point; what is below a microsecond is cut off.
  bool fraction(int& out) noexcept {
    out = 0;
    if (!is_digit(peek()))
      return false;
    for (int scale = 100'000; is_digit(peek()); scale /= 10)
      out += (take() - '0') * scale;
    return true;
  }

private:
  static bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
  }

  std::string_view rest_;
};

/// `Z`, `+HH`, `+HHMM` or `+HH:MM`.
bool read_offset(scanner& in, minutes& out) {
  if (in.one_of("Zz")) {
    out = minutes{0};
    return true;
  }
  const auto sign = in.peek() == '-' ? -1 : 1;
  int hour = 0;
  int minute = 0;
  if (!in.one_of("+-") || !in.number(2, 23, hour))
    return false;
  if (!in.done() && (in.one_of(":"), !in.number(2, 59, minute)))
    return false;
  out = sign * (hours{hour} + minutes{minute});
  return true;
}

} // namespace

std::string to_iso(timestamp time) {
  const auto moment = std::clamp(time, first_time, last_time);
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{moment - day};
  char text[48];
  std::snprintf(
    text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d",
    static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
    static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
    static_cast<int>(clock.minutes().count()),
    static_cast<int>(clock.seconds().count()));
  std::string result = text;
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::snprintf(text, sizeof(text), ".%06d", static_cast<int>(fraction));
    result += text;
  }
  result += 'Z';
  return result;
}

std::optional<timestamp> from_iso(std::string_view text) {
  scanner in{text};
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int fraction = 0;
  minutes offset{0};
  if (!in.number(4, 9999, year) || !in.one_of("-") || !in.number(2, 12, month)
      || !in.one_of("-") || !in.number(2, 31, day) || !in.one_of("Tt ")
      || !in.number(2, 23, hour) || !in.one_of(":")
      || !in.number(2, 59, minute))
    return std::nullopt;
  if (in.one_of(":") && !in.number(2, 59, second))
    return std::nullopt;
  if (in.one_of(".,") && !in.fraction(fraction))
    return std::nullopt;
  if (!read_offset(in, offset) || !in.done())
    return std::nullopt;
  const std::chrono::year_month_day date{
    std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
    std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok())
    return std::nullopt;
  const timestamp result = sys_days{date} + hours{hour} + minutes{minute}
                           + seconds{second} + microseconds{fraction} - offset;
  if (result < first_time || result > last_time)
    return std::nullopt;
  return result;
}

} // namespace perdure::runtime

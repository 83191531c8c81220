#include "runtime/policy/task_policy.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::sys_seconds;

// No one waits longer; also keeps every sum away from an overflow.
constexpr std::int64_t seconds_max = 3'155'760'000;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr",
                                                  "May", "Jun", "Jul", "Aug",
                                                  "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Reads digits, a point and digits as thousandths; the third digit after the
/// point is the last that counts.
std::optional<std::int64_t> parse_thousandths(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction
    = point == text.npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() || (point != text.npos && fraction.empty())
      || !std::all_of(whole.begin(), whole.end(), is_digit)
      || !std::all_of(fraction.begin(), fraction.end(), is_digit))
    return std::nullopt;
  std::int64_t result = 0;
  for (const auto c : whole)
    result = std::min(result * 10 + (c - '0'), seconds_max);
  for (std::size_t i = 0; i < 3; ++i)
    result = result * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return result;
}

/// Reads the pieces of a date from left to right.
class date_reader {
public:
  explicit date_reader(std::string_view text) : rest_(text) {
    // nop
  }

  bool skip(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected)
      return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool number(std::size_t digits, int& out) {
    if (rest_.size() < digits
        || !std::all_of(rest_.begin(), rest_.begin() + digits, is_digit))
      return false;
    out = 0;
    for (std::size_t i = 0; i < digits; ++i)
      out = out * 10 + (rest_[i] - '0');
    rest_.remove_prefix(digits);
    return true;
  }

  bool short_day() {
    return std::any_of(days.begin(), days.end(),
                       [this](auto name) { return skip(name.substr(0, 3)); });
  }

  bool long_day() {
    return std::any_of(days.begin(), days.end(),
                       [this](auto name) { return skip(name); });
  }

  bool month(int& out) {
    for (std::size_t i = 0; i < months.size(); ++i)
      if (skip(months[i])) {
        out = static_cast<int>(i) + 1;
        return true;
      }
    return false;
  }

  bool clock(std::chrono::seconds& out) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!number(2, hour) || !skip(":") || !number(2, minute) || !skip(":")
        || !number(2, second))
      return false;
    // 60 is a leap second.
    if (hour > 23 || minute > 59 || second > 60)
      return false;
    out = std::chrono::hours{hour} + std::chrono::minutes{minute}
          + std::chrono::seconds{second};
    return true;
  }

  bool done() const noexcept {
    return rest_.empty();
  }

private:
  std::string_view rest_;
};

struct http_date {
  int year = 0;
  int month = 0;
  int day = 0;
  std::chrono::seconds clock{0};
};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
bool read_fixdate(date_reader in, http_date& out) {
  return in.short_day() && in.skip(", ") && in.number(2, out.day)
         && in.skip(" ") && in.month(out.month) && in.skip(" ")
         && in.number(4, out.year) && in.skip(" ") && in.clock(out.clock)
         && in.skip(" GMT") && in.done();
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
bool read_rfc850(date_reader in, int this_year, http_date& out) {
  if (!in.long_day() || !in.skip(", ") || !in.number(2, out.day)
      || !in.skip("-") || !in.month(out.month) || !in.skip("-")
      || !in.number(2, out.year) || !in.skip(" ") || !in.clock(out.clock)
      || !in.skip(" GMT") || !in.done())
    return false;
  // The year that is less than 50 years ago, or at most 50 years ahead.
  out.year += this_year / 100 * 100;
  if (out.year > this_year + 50)
    out.year -= 100;
  else if (out.year <= this_year - 50)
    out.year += 100;
  return true;
}

/// `Sun Nov  6 08:49:37 1994`
bool read_asctime(date_reader in, http_date& out) {
  return in.short_day() && in.skip(" ") && in.month(out.month) && in.skip(" ")
         && (in.skip(" ") ? in.number(1, out.day) : in.number(2, out.day))
         && in.skip(" ") && in.clock(out.clock) && in.skip(" ")
         && in.number(4, out.year) && in.done();
}

std::optional<sys_seconds>
parse_http_date(std::string_view text, int this_year) {
  const date_reader in{text};
  http_date date;
  if (!read_fixdate(in, date) && !read_rfc850(in, this_year, date)
      && !read_asctime(in, date))
    return std::nullopt;
  const std::chrono::year_month_day day{
    std::chrono::year{date.year},
    std::chrono::month{static_cast<unsigned>(date.month)},
    std::chrono::day{static_cast<unsigned>(date.day)}};
  if (!day.ok())
    return std::nullopt;
  return std::chrono::sys_days{day} + date.clock;
}

} // namespace

std::optional<milliseconds>
parse_retry_after(std::string_view value,
                  std::chrono::system_clock::time_point now) {
  const auto text = trim(value);
  if (const auto count = parse_thousandths(text))
    return milliseconds{*count};
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{today};
  const auto moment = parse_http_date(text, static_cast<int>(date.year()));
  if (!moment)
    return std::nullopt;
  const auto start = std::chrono::floor<milliseconds>(now);
  const auto delay = std::chrono::sys_time<milliseconds>{*moment} - start;
  return std::max(delay, milliseconds{0});
}

std::optional<milliseconds> parse_retry_after_ms(std::string_view value) {
  const auto count = parse_thousandths(trim(value));
  if (!count)
    return std::nullopt;
  // Up, so that the wait is never shorter than what was asked for.
  return milliseconds{(*count + 999) / 1000};
}

} // namespace perdure::runtime

#include "config/schema_format.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <optional>

namespace perdure::config {

namespace {

bool is_digit(char sign) noexcept {
  return sign >= '0' && sign <= '9';
}

/// Takes `count` digits from the front of `text`.
std::optional<unsigned> take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count
      || !std::all_of(text.begin(), text.begin() + count, is_digit))
    return std::nullopt;
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + count, number);
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char sign) {
  if (text.empty() || text.front() != sign)
    return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-'))
    return false;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-'))
    return false;
  const auto day = take_number(text, 2);
  return day
         && std::chrono::year_month_day{std::chrono::year{
                                          static_cast<int>(*year)},
                                        std::chrono::month{*month},
                                        std::chrono::day{*day}}
              .ok();
}

/// `hh:mm` within a day.
bool take_clock(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ':'))
    return false;
  const auto minute = take_number(text, 2);
  return minute && *minute <= 59;
}

bool take_time(std::string_view& text) {
  if (!take_clock(text) || !take(text, ':'))
    return false;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) // 60: a leap second
    return false;
  if (take(text, '.')) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    if (end == text.begin())
      return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  if (take(text, 'Z') || take(text, 'z'))
    return true;
  return (take(text, '+') || take(text, '-')) && take_clock(text);
}

bool is_date(std::string_view text) {
  return take_date(text) && text.empty();
}

bool is_time(std::string_view text) {
  return take_time(text) && text.empty();
}

bool is_date_time(std::string_view text) {
  return take_date(text) && (take(text, 'T') || take(text, 't'))
         && take_time(text) && text.empty();
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36)
    return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-'
                : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
      return false;
  }
  return true;
}

bool is_ipv4(std::string_view text) {
  for (auto part = 0; part < 4; ++part) {
    if (part > 0 && !take(text, '.'))
      return false;
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto size = static_cast<std::size_t>(end - text.begin());
    const auto has_leading_zero = size > 1 && text.front() == '0';
    if (size == 0 || size > 3 || has_leading_zero
        || *take_number(text, size) > 255)
      return false;
  }
  return text.empty();
}

} // namespace

format_matcher find_format(std::string_view name) noexcept {
  if (name == "date")
    return is_date;
  if (name == "time")
    return is_time;
  if (name == "date-time")
    return is_date_time;
  if (name == "uuid")
    return is_uuid;
  if (name == "ipv4")
    return is_ipv4;
  return nullptr;
}

} // namespace perdure::config

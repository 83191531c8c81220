#include "runtime/messages/decimal.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

// Bounds of what is read: an exponent must not be able to ask for gigabytes.
constexpr std::size_t digits_max = 100;
constexpr int exponent_max = 100;

/// The value is `digits` as an integer, times 10 to the power of `-scale`.
struct decimal {
  bool negative = false;
  std::string digits;
  std::size_t scale = 0;
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Reads what follows the `e` of a number.
std::optional<int> parse_exponent(std::string_view text) {
  const auto negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    text.remove_prefix(1);
  if (text.empty())
    return std::nullopt;
  int value = 0;
  for (const auto c : text) {
    if (!is_digit(c))
      return std::nullopt;
    value = value * 10 + (c - '0');
    if (value > exponent_max)
      return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<decimal> parse(std::string_view text) {
  decimal result;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    result.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const auto at = text.find_first_of("eE"); at != text.npos) {
    const auto parsed = parse_exponent(text.substr(at + 1));
    if (!parsed)
      return std::nullopt;
    exponent = *parsed;
    text = text.substr(0, at);
  }
  auto point_seen = false;
  for (const auto c : text) {
    if (c == '.' && !point_seen) {
      point_seen = true;
    } else if (is_digit(c)) {
      result.digits += c;
      result.scale += point_seen ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (result.digits.empty() || result.digits.size() > digits_max)
    return std::nullopt;
  if (exponent < 0) {
    result.scale += static_cast<std::size_t>(-exponent);
  } else {
    const auto shift = static_cast<std::size_t>(exponent);
    const auto taken = std::min(shift, result.scale);
    result.scale -= taken;
    result.digits.append(shift - taken, '0');
  }
  return result;
}

/// `left + right` of two digit strings of equal length.
std::string add_digits(std::string_view left, std::string_view right) {
  std::string result(left.size() + 1, '0');
  int carry = 0;
  for (auto i = left.size(); i > 0; --i) {
    const auto sum = (left[i - 1] - '0') + (right[i - 1] - '0') + carry;
    result[i] = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  result[0] = static_cast<char>('0' + carry);
  return result;
}

/// `left - right` of two digit strings of equal length. @pre `left >= right`
std::string subtract_digits(std::string_view left, std::string_view right) {
  std::string result(left.size(), '0');
  int borrow = 0;
  for (auto i = left.size(); i > 0; --i) {
    auto difference = left[i - 1] - right[i - 1] - borrow;
    borrow = difference < 0 ? 1 : 0;
    difference += borrow * 10;
    result[i - 1] = static_cast<char>('0' + difference);
  }
  return result;
}

std::string to_text(decimal value) {
  auto& digits = value.digits;
  if (digits.size() <= value.scale)
    digits.insert(0, value.scale + 1 - digits.size(), '0');
  const auto whole_max = digits.size() - value.scale - 1;
  digits.erase(0, std::min(digits.find_first_not_of('0'), whole_max));
  const auto is_zero = digits.find_first_not_of('0') == std::string::npos;
  if (value.scale > 0)
    digits.insert(digits.size() - value.scale, 1, '.');
  if (value.negative && !is_zero)
    digits.insert(0, 1, '-');
  return std::move(digits);
}

} // namespace

bool is_decimal(std::string_view text) {
  return parse(text).has_value();
}

std::optional<std::string>
add_decimals(std::string_view left, std::string_view right) {
  auto a = parse(left);
  auto b = parse(right);
  if (!a || !b)
    return std::nullopt;
  const auto scale = std::max(a->scale, b->scale);
  a->digits.append(scale - a->scale, '0');
  b->digits.append(scale - b->scale, '0');
  const auto size = std::max(a->digits.size(), b->digits.size());
  a->digits.insert(0, size - a->digits.size(), '0');
  b->digits.insert(0, size - b->digits.size(), '0');
  decimal sum;
  sum.scale = scale;
  if (a->negative == b->negative) {
    sum.negative = a->negative;
    sum.digits = add_digits(a->digits, b->digits);
  } else {
    if (a->digits < b->digits)
      std::swap(a, b);
    sum.negative = a->negative;
    sum.digits = subtract_digits(a->digits, b->digits);
  }
  return to_text(std::move(sum));
}

} // namespace perdure::runtime

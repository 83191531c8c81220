#include "config/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace perdure::config {

namespace {

static_assert(sizeof(wchar_t) == 4, "one wchar_t holds one code point");

constexpr char32_t broken = 0xFFFD;

struct decoded {
  char32_t point = broken;
  std::size_t size = 1;
  bool valid = false;
};

/// The first code point of `text`. @pre `!text.empty()`
decoded decode(std::string_view text) noexcept {
  const auto lead = static_cast<std::uint8_t>(text.front());
  if (lead < 0x80)
    return {lead, 1, true};
  std::size_t size = 0;
  char32_t point = 0;
  char32_t least = 0;
  if (lead >= 0xC2 && lead < 0xE0) {
    size = 2;
    point = lead & 0x1FU;
    least = 0x80;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3;
    point = lead & 0x0FU;
    least = 0x800;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    size = 4;
    point = lead & 0x07U;
    least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < size)
    return {};
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xC0U) != 0x80U)
      return {};
    point = (point << 6U) | (next & 0x3FU);
  }
  const auto surrogate = point >= 0xD800 && point < 0xE000;
  if (point < least || point > 0x10FFFF || surrogate)
    return {};
  return {point, size, true};
}

} // namespace

std::wstring to_wide(std::string_view text) {
  std::wstring wide;
  wide.reserve(text.size());
  while (!text.empty()) {
    const auto next = decode(text);
    wide.push_back(static_cast<wchar_t>(next.point));
    text.remove_prefix(next.size);
  }
  return wide;
}

std::size_t count_code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](char byte) {
      return (static_cast<std::uint8_t>(byte) & 0xC0U) != 0x80U;
    }));
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto next = decode(text);
    if (!next.valid)
      return false;
    text.remove_prefix(next.size);
  }
  return true;
}

} // namespace perdure::config

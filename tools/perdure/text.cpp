#include "tools/perdure/text.hpp"

#include <algorithm>
#include <array>

namespace perdure::client {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr std::string_view replacement_text = "\xEF\xBF\xBD";

struct character {
  char32_t code = replacement;
  std::size_t size = 1;
  bool valid = false;
};

/// Reads the first character of `text`. @pre `!text.empty()`
character decode(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80)
    return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size)
    return {};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U)
      return {};
    code = code << 6U | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10FFFF
      || (code >= 0xD800 && code <= 0xDFFF))
    return {};
  return {code, size, true};
}

struct range {
  char32_t first;
  char32_t last;
};

template <std::size_t Size>
bool is_in(const std::array<range, Size>& ranges, char32_t code) noexcept {
  return std::any_of(ranges.begin(), ranges.end(), [code](const range& x) {
    return x.first <= code && code <= x.last;
  });
}

/// Combining marks, joiners and variation selectors that are common.
constexpr auto narrowest = std::to_array<range>({{0x0300, 0x036F},
                                                 {0x0483, 0x0489},
                                                 {0x0591, 0x05BD},
                                                 {0x064B, 0x065F},
                                                 {0x093C, 0x093C},
                                                 {0x094D, 0x094D},
                                                 {0x0E31, 0x0E31},
                                                 {0x0E34, 0x0E3A},
                                                 {0x0E47, 0x0E4E},
                                                 {0x1AB0, 0x1AFF},
                                                 {0x1DC0, 0x1DFF},
                                                 {0x200B, 0x200F},
                                                 {0x2060, 0x2064},
                                                 {0x20D0, 0x20FF},
                                                 {0xFE00, 0xFE0F},
                                                 {0xFE20, 0xFE2F},
                                                 {0xFEFF, 0xFEFF},
                                                 {0xE0100, 0xE01EF}});

/// East Asian wide and full-width characters, and pictures.
constexpr auto widest = std::to_array<range>({{0x1100, 0x115F},
                                              {0x231A, 0x231B},
                                              {0x23E9, 0x23EC},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0x33FF},
                                              {0x3400, 0x4DBF},
                                              {0x4E00, 0x9FFF},
                                              {0xA000, 0xA4CF},
                                              {0xA960, 0xA97F},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0xFFE0, 0xFFE6},
                                              {0x1F300, 0x1F64F},
                                              {0x1F680, 0x1F6FF},
                                              {0x1F900, 0x1F9FF},
                                              {0x20000, 0x3FFFD}});

std::size_t width_of(char32_t code) noexcept {
  if (code < 0x300)
    return 1;
  if (is_in(narrowest, code))
    return 0;
  return is_in(widest, code) ? 2 : 1;
}

bool is_control(char32_t code) noexcept {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

} // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto next = decode(text);
    if (!next.valid)
      return false;
    text.remove_prefix(next.size);
  }
  return true;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto next = decode(text);
    width += width_of(next.code);
    text.remove_prefix(next.size);
  }
  return width;
}

std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto next = decode(text);
    if (text.starts_with("\r\n"))
      ; // an ordinary end of line: the line feed follows
    else if (!next.valid
             || (is_control(next.code) && next.code != '\n'
                 && next.code != '\t'))
      out += replacement_text;
    else
      out += text.substr(0, next.size);
    text.remove_prefix(next.size);
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const auto c : without_controls(text))
    if (c != '\n' && c != '\t' && c != ' ')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  if (!out.empty() && out.back() == ' ')
    out.pop_back();
  return out;
}

std::string clip(std::string_view text, std::size_t width) {
  if (width == 0 || text.size() <= width || display_width(text) <= width)
    return std::string{text};
  std::string out;
  std::size_t used = 1; // the ellipsis
  while (!text.empty()) {
    const auto next = decode(text);
    used += width_of(next.code);
    if (used > width)
      break;
    out += text.substr(0, next.size);
    text.remove_prefix(next.size);
  }
  return out + "\xE2\x80\xA6";
}

std::string trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return std::string{
    text.substr(first, text.find_last_not_of(blanks) - first + 1)};
}

} // namespace perdure::client

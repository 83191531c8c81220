#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text as a terminal shows it.
namespace perdure::client {

bool is_utf8(std::string_view text) noexcept;

/// Columns that `text` takes: 2 for wide characters, 0 for combining ones.
std::size_t display_width(std::string_view text) noexcept;

/// `text` without what could command a terminal: control characters but for
/// line feeds and tabs become U+FFFD, and so do bytes that are not UTF-8.
std::string without_controls(std::string_view text);

/// `text` on one line: runs of blanks and line breaks become one space.
std::string one_line(std::string_view text);

/// The beginning of `text` that fits into `width` columns; what was cut off is
/// shown as an ellipsis. A width of 0 means no limit.
std::string clip(std::string_view text, std::size_t width);

std::string trim(std::string_view text);

} // namespace perdure::client

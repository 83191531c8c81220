#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace perdure::config {

/// Code points of `text`; U+FFFD stands for each byte that is not UTF-8.
std::wstring to_wide(std::string_view text);

/// Number of code points, counted as `to_wide` does for valid UTF-8.
std::size_t count_code_points(std::string_view text) noexcept;

/// Whether `text` is UTF-8 throughout.
bool is_utf8(std::string_view text) noexcept;

} // namespace perdure::config

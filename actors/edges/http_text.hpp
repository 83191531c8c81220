#pragma once

#include <string>
#include <string_view>

namespace perdure::actors {

/// Whether `text` may be a method or the name of a header (RFC 9110, token).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// Whether `text` may be the value of a header: no line break, no zero byte.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// ASCII letters in lower case, whatever the locale.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Without blanks and line breaks at either end.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

} // namespace perdure::actors

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perdure::runtime {

/// Whether `text` is a decimal number such as `0.0125` or `1E-7`, of a size
/// that money has. `nan` and infinities are not.
bool is_decimal(std::string_view text);

/// Exact sum, without an exponent; as many fraction digits as the operand with
/// the most of them. @returns nothing unless both are decimal numbers.
std::optional<std::string>
add_decimals(std::string_view left, std::string_view right);

} // namespace perdure::runtime

#pragma once

#include <optional>
#include <string>

namespace perdure::client {

/// Waits for a line on standard input.
/// @returns nothing after Ctrl-C, or when the input ends before the line
std::optional<std::string> read_line();

} // namespace perdure::client

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::runtime {

/// A moment, UTC, in microseconds since the Unix epoch.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// ISO-8601 with `Z`; the fraction is left out when zero, otherwise it has six
/// digits: `2026-01-02T03:04:05.000006Z`.
std::string to_iso(timestamp time);

/// Reads ISO-8601 with `Z` or a numeric offset and a fraction of any length.
std::optional<timestamp> from_iso(std::string_view text);

} // namespace perdure::runtime

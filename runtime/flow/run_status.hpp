#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace perdure::runtime {

/// State of a run. Append only, never renumber: the journal's indexes hold
/// these values.
enum class run_status : std::uint8_t {
  scheduled = 1,
  pending = 2,
  running = 3,
  waiting = 4,
  paused = 5,
  cancelling = 6,
  completed = 7,
  failed = 8,
  cancelled = 9,
};

std::string_view to_string(run_status status) noexcept;
std::optional<run_status> status_from_string(std::string_view name) noexcept;

constexpr bool is_final(run_status status) noexcept {
  return status >= run_status::completed;
}

} // namespace perdure::runtime

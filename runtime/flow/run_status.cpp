#include "runtime/flow/run_status.hpp"

#include <array>
#include <utility>

namespace perdure::runtime {

namespace {

constexpr auto names = std::to_array<std::pair<run_status, std::string_view>>({
  {run_status::scheduled, "scheduled"},
  {run_status::pending, "pending"},
  {run_status::running, "running"},
  {run_status::waiting, "waiting"},
  {run_status::paused, "paused"},
  {run_status::cancelling, "cancelling"},
  {run_status::completed, "completed"},
  {run_status::failed, "failed"},
  {run_status::cancelled, "cancelled"},
});

} // namespace

std::string_view to_string(run_status status) noexcept {
  for (const auto& [value, name] : names)
    if (value == status)
      return name;
  return "unknown";
}

std::optional<run_status> status_from_string(std::string_view name) noexcept {
  for (const auto& [value, text] : names)
    if (text == name)
      return value;
  return std::nullopt;
}

} // namespace perdure::runtime

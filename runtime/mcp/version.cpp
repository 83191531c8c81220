#include "runtime/mcp/version.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime::mcp {

namespace {

struct known_version {
  std::string_view name;
  mcp::era era;
};

// The newest first.
constexpr auto versions = std::to_array<known_version>({
  {"2026-07-28", era::modern},
  {"2025-11-25", era::legacy},
  {"2025-06-18", era::legacy},
  {"2025-03-26", era::legacy},
  {"2024-11-05", era::legacy},
  {"2024-10-07", era::legacy},
});

} // namespace

std::string_view to_string(era value) noexcept {
  switch (value) {
    case era::unknown:
      return "unknown";
    case era::legacy:
      return "legacy";
    case era::modern:
      return "modern";
  }
  return "unknown";
}

era era_of(std::string_view version) noexcept {
  for (const auto& known : versions)
    if (known.name == version)
      return known.era;
  return era::unknown;
}

std::string_view newest_version(era value) noexcept {
  for (const auto& known : versions)
    if (known.era == value)
      return known.name;
  return {};
}

std::string choose_version(const json& offered, std::string_view only) {
  if (!offered.is_array())
    return {};
  for (const auto& known : versions)
    if (only.empty() || only == known.name)
      if (std::find(offered.begin(), offered.end(), known.name)
          != offered.end())
        return std::string{known.name};
  return {};
}

std::string known_versions() {
  std::string out;
  for (const auto& known : versions)
    out += (out.empty() ? "" : ", ") + std::string{known.name};
  return out;
}

} // namespace perdure::runtime::mcp

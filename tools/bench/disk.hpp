#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace perdure::bench {

/// Microseconds, sorted, of `count` syncs of a 4 KiB append to one file.
std::vector<std::uint32_t>
time_syncs(const std::filesystem::path& directory, std::size_t count);

/// The same of `count` commits of one small entry to a fresh journal.
std::vector<std::uint32_t>
time_commits(const std::filesystem::path& directory, std::size_t count);

} // namespace perdure::bench

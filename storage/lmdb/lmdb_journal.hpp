#pragma once

#include "storage/journal.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace perdure::storage {

struct lmdb_options {
  /// Directory; made when missing (mode 0700).
  std::filesystem::path directory;

  /// Initial size of the memory map; it doubles when it is full.
  std::uint64_t map_size_bytes = std::uint64_t{1} << 30;

  /// Upper bound of the store; at it appends fail with storage_full.
  std::uint64_t max_size_bytes = std::uint64_t{1} << 40;

  /// What is left of the bound when no more runs are created, so that those
  /// that exist can end; at most a quarter of it.
  std::uint64_t reserve_bytes = std::uint64_t{256} << 20;

  /// Entries that lie together in the order they came before they are moved to
  /// where their runs are; 0 puts each where its run is at once. More make
  /// commits of many runs cheaper, and opening slower.
  std::size_t tail_entries_max = 32'768;

  /// False leaves out the sync of each commit: for tests and measurements
  /// only, since a power cut then loses what was acknowledged.
  bool sync = true;
};

/// Opens the embedded journal, or makes a new one.
/// Errors: errc::storage_locked (another process has the directory open),
/// errc::storage_format (made by a version that this one cannot read),
/// errc::storage_corrupt, errc::storage_full, errc::storage_io.
result<std::unique_ptr<journal>> open_lmdb_journal(const lmdb_options& options);

} // namespace perdure::storage

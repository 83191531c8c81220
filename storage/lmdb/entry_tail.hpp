#pragma once

#include "storage/lmdb/environment.hpp"
#include "storage/record.hpp"

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perdure::storage {

/// Where a run's latest entries are: a stretch of consecutive sequences.
struct tail_stretch {
  std::uint64_t first_sequence = 0;
  /// Position of each in the tail table.
  std::vector<std::uint64_t> positions;

  [[nodiscard]] std::uint64_t last_sequence() const noexcept {
    return first_sequence + positions.size() - 1;
  }
};

/// What one transaction does to the tail; counts once it is durable.
struct tail_change {
  struct addition {
    run_key run{};
    std::uint64_t sequence = 0;
    std::uint64_t position = 0;
  };
  std::vector<addition> added;
  /// Runs whose stretch went to its place.
  std::vector<run_key> moved;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
};

/// The entries that came last, of all runs, in the order they came: a commit
/// writes one stretch of pages instead of a page per run. When the tail is too
/// long the runs at its front are moved, whole, to the entries table, where a
/// run is one range.
///
/// Shape:   position (u64, big-endian) -> entry key (24) | record. An entry is
///          found here or in the entries table; what was moved stays until the
///          front passes it, and counts no more
/// Threads: `find` and `last_sequence` any; the rest belong to the writer
/// Source:  docs/decisions/0003-tail-of-the-journal.md
class entry_tail {
public:
  /// @param entries_max entries before the front is moved; 0 keeps none here
  explicit entry_tail(std::size_t entries_max) : entries_max_(entries_max) {
    // nop
  }

  [[nodiscard]] bool used() const noexcept {
    return entries_max_ > 0;
  }

  /// Finds out what a journal that was just opened holds.
  /// Errors: errc::storage_corrupt, errc::storage_io.
  result<runtime::unit> load(const transaction& txn);

  [[nodiscard]] tail_change begin() const;

  /// Puts an entry at the end. @returns an LMDB code
  int append(const transaction& txn, tail_change& change, const run_key& run,
             std::uint64_t sequence, std::string_view payload) const;

  /// Moves the front when the tail is too long. @returns an LMDB code
  int settle(const transaction& txn, tail_change& change) const;

  /// Moves everything: for a journal that keeps no tail any more.
  /// @returns an LMDB code
  int empty(const transaction& txn, tail_change& change) const;

  /// The transaction of `change` is durable.
  void accept(const tail_change& change);

  /// Empty when the tail holds nothing of the run. Take it before the
  /// transaction that reads with it.
  [[nodiscard]] tail_stretch find(const run_key& run) const;

  /// 0 when the tail holds nothing of the run.
  [[nodiscard]] std::uint64_t last_sequence(const run_key& run) const;

private:
  int move_front(const transaction& txn, tail_change& change,
                 std::uint64_t count) const;
  int move_run(const transaction& txn, MDB_cursor* entries,
               const tail_stretch& stretch) const;
  int cut(const transaction& txn, std::uint64_t from, std::uint64_t to) const;

  std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::unordered_map<run_key, tail_stretch, run_key_hash> runs_;
  /// Which run an entry belongs to, by position - first_; for `settle`.
  std::vector<run_key> order_;
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
};

} // namespace perdure::storage

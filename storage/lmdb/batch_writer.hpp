#pragma once

#include "storage/lmdb/entry_tail.hpp"
#include "storage/lmdb/environment.hpp"
#include "storage/record.hpp"

#include <unordered_map>

namespace perdure::storage {

/// Last sequences of the runs that were appended to lately.
using tail_map = std::unordered_map<run_key, std::uint64_t, run_key_hash>;

/// Writes batches within one transaction. A batch is checked against the store
/// and the batches before it, then written: what is refused leaves no trace.
class batch_writer {
public:
  /// `known` is what is durable already; `no_new_runs` says why none may be
  /// created, if so.
  batch_writer(const transaction& txn, const tail_map& known,
               const entry_tail& tail, std::uint64_t epoch,
               const std::optional<runtime::failure>& no_new_runs)
    : txn_(txn), known_(known), tail_(tail), epoch_(epoch),
      no_new_runs_(no_new_runs), change_(tail.begin()) {
    // nop
  }

  /// @returns an LMDB code; a refusal is not a failure of the store.
  int write(const append_batch& batch, append_outcome& outcome);

  /// Moves entries to their place when it is time. @returns an LMDB code
  int settle() {
    return tail_.settle(txn_, change_);
  }

  /// What the transaction does to the tail.
  [[nodiscard]] const tail_change& change() const noexcept {
    return change_;
  }

  /// The last sequences that the transaction has made.
  [[nodiscard]] const tail_map& tails() const noexcept {
    return tails_;
  }

private:
  result<std::uint64_t> last(const run_key& run) const;
  /// What the store and the batches before say against `batch`.
  append_outcome
  check_against_store(const append_batch& batch, const run_key& run,
                      std::optional<run_summary>& before) const;
  int put_entries(const append_batch& batch, const run_key& run);
  int put_entry(const run_key& run, std::uint64_t sequence,
                const std::string& payload);
  int put_blob(const blob_hash& hash, const std::string& packed);
  int put_summary(const append_batch& batch, const run_key& run,
                  const std::optional<run_summary>& before);
  int put_key(const append_batch& batch);
  int put_cache(const append_batch& batch);
  int put_sealed(MDB_dbi table, std::string_view key, std::string_view payload);

  transaction txn_;
  const tail_map& known_;
  const entry_tail& tail_;
  std::uint64_t epoch_;
  const std::optional<runtime::failure>& no_new_runs_;
  tail_change change_;
  tail_map tails_;
  /// Stays where the last entry was put: the next one is often its neighbour.
  cursor_ptr entries_;
};

} // namespace perdure::storage

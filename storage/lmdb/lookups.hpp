#pragma once

#include "storage/lmdb/entry_tail.hpp"
#include "storage/lmdb/environment.hpp"
#include "storage/record.hpp"

namespace perdure::storage {

/// The value of `key`, valid while the transaction is.
/// Errors: errc::storage_corrupt, errc::storage_io.
result<std::optional<std::string_view>>
find(const transaction& txn, MDB_dbi table, std::string_view key);

/// As `find`, with the record's checksum verified and taken off. `what` names
/// it in an error.
result<std::optional<std::string_view>>
find_sealed(const transaction& txn, MDB_dbi table, std::string_view key,
            std::string_view what);

/// Sequence of the last entry in the entries table; 0 when it has none.
result<std::uint64_t> last_sequence(const transaction& txn, const run_key& run);

/// Nothing when there is no such run. Does not set `last_sequence`.
result<std::optional<run_summary>>
find_summary(const transaction& txn, const run_key& run);

/// Errors: errc::storage_corrupt when missing or damaged.
result<std::string> load_blob(const transaction& txn, const blob_hash& hash);

/// Entries of a run that is there: those in the entries table, then those of
/// `tail`. Errors: errc::storage_corrupt.
result<std::vector<stored_entry>>
load_entries(const transaction& txn, const run_key& run,
             const tail_stretch& tail, std::uint64_t from, std::size_t limit);

} // namespace perdure::storage

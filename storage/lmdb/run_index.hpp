#pragma once

#include "storage/lmdb/environment.hpp"
#include "storage/record.hpp"

/// The one index of a journal: a term's runs, sorted by time.
///
/// Shape:   key = term; sorted duplicates = time key (24 bytes). The count of a
///          term's runs is kept by LMDB, which makes counting cheap and exact
/// Source:  docs/formats.md, "Indexes"
namespace perdure::storage {

/// Makes the index agree with `after`, having agreed with `before` (null for a
/// new run). @returns an LMDB code
int update_index(const transaction& txn, const run_key& run,
                 const run_summary* before, const run_summary& after);

/// Errors: errc::invalid_argument for a malformed cursor,
/// errc::storage_corrupt, errc::storage_io.
result<run_page> query_index(const transaction& txn, const run_query& query);

result<std::vector<std::pair<run_status, std::uint64_t>>>
count_index(const transaction& txn);

result<std::vector<std::pair<timestamp, std::string>>>
wakeups_of_index(const transaction& txn, timestamp until, std::size_t limit);

} // namespace perdure::storage

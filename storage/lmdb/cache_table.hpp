#pragma once

#include "storage/lmdb/environment.hpp"
#include "storage/record.hpp"

/// Outcomes by the key of what they are the outcome of.
///
/// Shape:   `cache`: key -> sealed `CachedOutcome`; `cache_expiry`: time (u64,
///          big-endian, offset by 2^63) | key -> nothing, for those that expire
/// Source:  docs/formats.md, "Cache"
namespace perdure::storage {

/// Stores one outcome, and removes a few that have expired.
/// @pre `put` has passed `check`
/// @returns an LMDB code
int put_cached(const transaction& txn, const cache_put& put,
               const cache_ref& to);

/// Nothing when there is no such key.
/// Errors: errc::storage_corrupt, errc::storage_io.
result<std::optional<cache_ref>>
find_cached(const transaction& txn, std::string_view key);

} // namespace perdure::storage

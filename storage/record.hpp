#pragma once

#include "storage/journal.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Keys and records that every implementation of the journal shares.
///
/// Shape:   record = CRC-32C over key and payload (u32, little-endian) |
/// payload Source:  docs/formats.md, "Records"
namespace perdure::storage {

// -- numbers ------------------------------------------------------------------

void store_le32(char* at, std::uint32_t value) noexcept;
std::uint32_t load_le32(const char* at) noexcept;
void store_le64(char* at, std::uint64_t value) noexcept;
std::uint64_t load_le64(const char* at) noexcept;
/// Big-endian, so that keys sort as the numbers do.
void store_be64(char* at, std::uint64_t value) noexcept;
std::uint64_t load_be64(const char* at) noexcept;

// -- keys ---------------------------------------------------------------------

/// The 16 bytes of a UUID.
using run_key = std::array<char, 16>;

struct run_key_hash {
  std::size_t operator()(const run_key& key) const noexcept;
};

inline std::string_view view(const run_key& key) noexcept {
  return {key.data(), key.size()};
}

/// Reads lower-case UUID text; one run has one text.
std::optional<run_key> run_key_of(std::string_view run_id) noexcept;

/// @pre `key.size() == 16`
std::string run_id_of(std::string_view key);

/// run key (16) | sequence (u64, big-endian)
using entry_key = std::array<char, 24>;

entry_key make_entry_key(const run_key& run, std::uint64_t sequence) noexcept;

inline std::string_view view(const entry_key& key) noexcept {
  return {key.data(), key.size()};
}

/// time (u64, big-endian, offset by 2^63) | run key (16): sorts by time.
using time_key = std::array<char, 24>;

time_key make_time_key(timestamp time, const run_key& run) noexcept;
/// @pre `key.size() == 24`
timestamp time_of(std::string_view key) noexcept;
/// @pre `key.size() == 24`
run_key run_of(std::string_view key) noexcept;

/// The cursor of a list, and what it stands for.
std::string cursor_of(const time_key& key);
std::optional<time_key> time_key_of(std::string_view cursor) noexcept;

// -- records ------------------------------------------------------------------

constexpr std::size_t checksum_size = 4;

/// Writes a record. @pre `into` has room for `checksum_size + payload.size()`
void seal(std::string_view key, std::string_view payload, char* into) noexcept;
std::string seal(std::string_view key, std::string_view payload);

/// The payload, or nothing when the checksum does not match.
std::optional<std::string_view>
unseal(std::string_view key, std::string_view record) noexcept;

// -- payloads -----------------------------------------------------------------

std::string encode_summary(const run_summary& value);

/// All but `last_sequence`. Errors: errc::storage_corrupt.
result<run_summary>
decode_summary(std::string_view run_id, std::string_view payload);

struct key_holder {
  std::string key;
  std::string run_id;
  std::string request_digest;
};

/// @pre `value.run_id` is a run id
std::string encode_key_holder(const key_holder& value);

/// Errors: errc::storage_corrupt.
result<key_holder> decode_key_holder(std::string_view payload);

/// @pre `value.run_id` is a run id
std::string encode_cache_ref(const cache_ref& value);

/// Errors: errc::storage_corrupt.
result<cache_ref> decode_cache_ref(std::string_view payload);

/// Expired outcomes that one put removes at most.
constexpr std::size_t cache_sweep_max = 8;

// -- rules that hold before the store is asked --------------------------------

/// Bytes of the longest key of the cache.
constexpr std::size_t cache_key_max = 256;

/// What is wrong with `batch` on its own; errc::none when nothing is.
append_outcome check(const append_batch& batch, std::uint64_t epoch);

/// The refusal of a batch whose sequence does not follow `last` (D6).
append_outcome stale_sequence(const append_batch& batch, std::uint64_t last);

/// The refusal of a batch whose idempotency key is taken.
append_outcome key_taken(const key_holder& holder);

runtime::failure unknown_run(std::string_view run_id);
runtime::failure damaged_entry(std::string_view run_id, std::uint64_t sequence,
                               std::string_view reason);
runtime::failure damaged_run(std::string_view run_id, std::string_view reason);

/// Whether a run passes the filters of `query`; the cursor is not looked at.
bool matches(const run_query& query, const run_summary& run);

/// Pages have at least one run and at most this many.
constexpr std::size_t page_size_max = 1'000;

std::size_t page_size(const run_query& query) noexcept;

} // namespace perdure::storage

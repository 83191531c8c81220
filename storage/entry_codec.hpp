#pragma once

#include "runtime/flow/entry.hpp"
#include "runtime/result.hpp"
#include "storage/entry_sort.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::storage {

/// Content of at least this many bytes is stored once, by its hash, outside of
/// the entry (D9).
constexpr std::size_t blob_threshold_bytes = 4'096;

/// SHA-256, 32 bytes.
using blob_hash = std::string;

struct encoded_entry {
  /// Protobuf `Entry` without its checksum.
  std::string bytes;
  /// Content that goes to the blob store, packed, in order of appearance.
  std::vector<std::pair<blob_hash, std::string>> blobs;
  entry_sort sort = entry_sort::other;
};

/// Encodes an entry. Pure; usable from any thread.
encoded_entry encode(const runtime::entry& value);

/// Fetches the content of a blob.
using blob_source
  = std::function<runtime::result<std::string>(const blob_hash& hash)>;

/// Errors: errc::storage_corrupt; whatever `blobs` returns. Nothing is
/// substituted (D10).
runtime::result<runtime::entry>
decode(std::string_view bytes, const blob_source& blobs);

/// SHA-256 of `text`, raw and in hex.
blob_hash hash_of(std::string_view text);
std::string hex(std::string_view bytes);

} // namespace perdure::storage

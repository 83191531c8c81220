#pragma once

#include "runtime/result.hpp"

#include <string>
#include <string_view>

/// The stored form of large content.
///
/// Shape:   form (1 byte: 0 as it is, 1 zstd) | size (u64, little-endian) |
///          bytes
/// Source:  docs/formats.md, "Blobs"
namespace perdure::storage {

/// Packs `content`; compresses it when that makes it smaller.
std::string pack_blob(std::string_view content);

/// Errors: errc::storage_corrupt.
runtime::result<std::string> unpack_blob(std::string_view packed);

} // namespace perdure::storage

#pragma once

#include <cstdint>
#include <string_view>

namespace perdure::storage {

/// CRC-32C (Castagnoli) of `bytes`; `crc` is the result for what came before
/// them, so that pieces need not be joined. Uses the processor's instruction
/// where there is one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0) noexcept;

/// The same without special instructions.
std::uint32_t
crc32c_portable(std::string_view bytes, std::uint32_t crc = 0) noexcept;

} // namespace perdure::storage

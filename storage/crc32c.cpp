#include "storage/crc32c.hpp"

#include <boost/crc.hpp>
#include <cstring>

#if defined(__x86_64__)
#  include <nmmintrin.h>
#endif

namespace perdure::storage {

namespace {

using checksum = std::uint32_t (*)(std::string_view, std::uint32_t) noexcept;

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) std::uint32_t
crc32c_sse42(std::string_view bytes, std::uint32_t crc) noexcept {
  auto* at = bytes.data();
  auto left = bytes.size();
  std::uint64_t state = ~crc;
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    state = _mm_crc32_u64(state, word);
    at += sizeof(word);
  }
  auto tail = static_cast<std::uint32_t>(state);
  for (; left > 0; --left)
    tail = _mm_crc32_u8(tail, static_cast<unsigned char>(*at++));
  return ~tail;
}

checksum choose() noexcept {
  return __builtin_cpu_supports("sse4.2") != 0 ? crc32c_sse42 : crc32c_portable;
}

#else

checksum choose() noexcept {
  return crc32c_portable;
}

#endif

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
  static const checksum best = choose();
  return best(bytes, crc);
}

std::uint32_t
crc32c_portable(std::string_view bytes, std::uint32_t crc) noexcept {
  // The initial value of a reflected CRC is given unreflected.
  std::uint32_t start = 0;
  for (unsigned bit = 0; bit < 32; ++bit)
    start |= ((~crc >> bit) & 1u) << (31 - bit);
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>
    computer{start};
  computer.process_bytes(bytes.data(), bytes.size());
  return computer.checksum();
}

} // namespace perdure::storage

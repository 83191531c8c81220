#include "runtime/messages/identifier.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace perdure::runtime {

namespace {

using digest = std::array<std::uint32_t, 5>;

/// One step of SHA-1 (FIPS 180-4) over a block of 64 bytes.
void mix(digest& state, std::string_view block) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 64; ++i)
    words[i / 4] = words[i / 4] << 8U | static_cast<unsigned char>(block[i]);
  for (std::size_t i = 16; i < words.size(); ++i)
    words[i] = std::rotl(
      words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint32_t chosen = b ^ c ^ d;
    std::uint32_t constant = i < 40 ? 0x6ED9EBA1U : 0xCA62C1D6U;
    if (i < 20) {
      chosen = (b & c) | (~b & d);
      constant = 0x5A827999U;
    } else if (i >= 40 && i < 60) {
      chosen = (b & c) | (b & d) | (c & d);
      constant = 0x8F1BBCDCU;
    }
    const auto next = std::rotl(a, 5) + chosen + e + constant + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

digest sha1(std::string_view content) {
  digest state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const auto size_bits = static_cast<std::uint64_t>(content.size()) * 8U;
  for (; content.size() >= 64; content.remove_prefix(64))
    mix(state, content);
  std::string tail{content};
  tail += '\x80';
  while (tail.size() % 64 != 56)
    tail += '\0';
  for (int shift = 56; shift >= 0; shift -= 8)
    tail += static_cast<char>(size_bits >> static_cast<unsigned>(shift));
  for (std::string_view rest = tail; !rest.empty(); rest.remove_prefix(64))
    mix(state, rest);
  return state;
}

int digit_of(char sign) {
  if (sign >= 'A' && sign <= 'Z')
    return sign - 'A';
  if (sign >= 'a' && sign <= 'z')
    return sign - 'a' + 26;
  if (sign >= '0' && sign <= '9')
    return sign - '0' + 52;
  if (sign == '+' || sign == '-')
    return 62;
  return sign == '/' || sign == '_' ? 63 : -1;
}

} // namespace

std::string default_identifier(std::string_view content) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto first = sha1(content).front();
  std::string name;
  for (unsigned shift = 28; name.size() < 6; shift -= 4)
    name += digits[first >> shift & 15U];
  return name;
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  if (text.size() % 4 == 1)
    return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (const auto sign : text) {
    const auto digit = digit_of(sign);
    if (digit < 0)
      return std::nullopt;
    held = held << 6U | static_cast<std::uint32_t>(digit);
    held_bits += 6;
    if (held_bits < 8)
      continue;
    held_bits -= 8;
    bytes += static_cast<char>(held >> held_bits);
  }
  return bytes;
}

} // namespace perdure::runtime

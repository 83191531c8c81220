#include "runtime/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace perdure::runtime {

namespace {

constexpr std::string_view letters
  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// @param last_two digits of the alphabet
std::string
encode(std::string_view bytes, std::string_view last_two, bool is_padded) {
  const auto digits = std::string{letters} + std::string{last_two};
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8
              | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      if (k <= left)
        out += digits[group >> (18 - 6 * k) & 63];
      else if (is_padded)
        out += '=';
  }
  return out;
}

} // namespace

std::string base64(std::string_view bytes) {
  return encode(bytes, "+/", true);
}

std::string base64_url(std::string_view bytes) {
  return encode(bytes, "-_", false);
}

std::string base64_url_padded(std::string_view bytes) {
  return encode(bytes, "-_", true);
}

} // namespace perdure::runtime

#include "actors/edges/signature.hpp"

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace perdure::actors {

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

std::string sign_body(std::string_view secret, std::int64_t unix_seconds,
                      std::string_view body) {
  const auto time = std::to_string(unix_seconds);
  std::string text;
  text.reserve(time.size() + 1 + body.size());
  text.append(time).append(1, '.').append(body);
  return "t=" + time + ",v1=" + hmac_sha256(secret, text);
}

} // namespace perdure::actors

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace perdure::actors {

/// HMAC-SHA256, hex.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// What proves to the receiver of a POST who sent it, and when: `t=SECONDS,
/// v1=HEX` over `SECONDS.BODY`, without the space.
std::string sign_body(std::string_view secret, std::int64_t unix_seconds,
                      std::string_view body);

} // namespace perdure::actors

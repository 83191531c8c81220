#pragma once

#include "runtime/result.hpp"

#include <cstdint>
#include <string>

namespace perdure::hosting {

/// An address to listen on.
struct address {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads `host:port`, with brackets around an IPv6 address.
/// Errors: errc::invalid_argument
runtime::result<address> parse_address(const std::string& text);

} // namespace perdure::hosting

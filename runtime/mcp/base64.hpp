#pragma once

#include <string>
#include <string_view>

namespace perdure::runtime::mcp {

/// The usual alphabet, padded.
std::string base64(std::string_view bytes);

/// The URL-safe alphabet, without padding.
std::string base64_url(std::string_view bytes);

} // namespace perdure::runtime::mcp

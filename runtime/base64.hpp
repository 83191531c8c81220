#pragma once

#include <string>
#include <string_view>

namespace perdure::runtime {

/// The usual alphabet, padded.
std::string base64(std::string_view bytes);

/// The URL-safe alphabet, without padding.
std::string base64_url(std::string_view bytes);

/// The URL-safe alphabet, padded: as message histories have it.
std::string base64_url_padded(std::string_view bytes);

} // namespace perdure::runtime

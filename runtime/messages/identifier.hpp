#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perdure::runtime {

/// The name of a file that got none: the first six hex digits of the SHA-1 of
/// its bytes, or of the text that says where it is.
std::string default_identifier(std::string_view content);

/// The bytes of base64 in either alphabet, padded or not. @returns nothing
/// when it is not base64
std::optional<std::string> decode_base64(std::string_view text);

} // namespace perdure::runtime

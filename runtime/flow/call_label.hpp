#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perdure::runtime {

/// Longer ids are not spelt out.
constexpr std::size_t call_label_max_bytes = 256;

/// The id of a call as one piece of a key, a header or an environment, whatever
/// a model made up: an id of printable bytes without `/` and `%` as it is,
/// other bytes as `%XX`, and `%at-INDEX` for one that would be too long. Labels
/// of different ids in one response differ.
/// @param index position of the call in its response
std::string call_label(std::string_view id, std::uint32_t index);

} // namespace perdure::runtime

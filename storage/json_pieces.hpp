#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace perdure::storage {

/// Cuts JSON text so that each string of at least `size_min` bytes, without its
/// quotes, is a piece of its own: the same file is then the same piece wherever
/// it is sent. All pieces in a row are the text again; none is empty.
///
/// The text of one string and nothing else is not cut.
std::vector<std::string_view>
split_at_long_strings(std::string_view text, std::size_t size_min);

} // namespace perdure::storage

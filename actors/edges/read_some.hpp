#pragma once

#include "actors/edges/file_descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstddef>

namespace perdure::actors {

enum class read_end { more, drained, closed };

/// Reads what is there, up to a bound, so that one noisy program cannot starve
/// the others; `take(data, size)` gets it and may say stop, which counts as
/// closed.
template <class Take>
read_end read_some(const file_descriptor& fd, Take&& take) {
  constexpr int reads_max = 16;
  std::array<char, 65'536> buffer;
  for (int i = 0; i < reads_max; ++i) {
    const auto size = ::read(fd.value(), buffer.data(), buffer.size());
    if (size > 0) {
      if (!take(buffer.data(), static_cast<std::size_t>(size)))
        return read_end::closed;
      continue;
    }
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return read_end::drained;
    return read_end::closed;
  }
  return read_end::more;
}

} // namespace perdure::actors

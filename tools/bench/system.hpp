#pragma once

#include <cerrno>
#include <system_error>

namespace perdure::bench {

/// Throws std::system_error with `errno` when a call of the system has failed.
inline void check(bool good, const char* what) {
  if (!good)
    throw std::system_error{errno, std::generic_category(), what};
}

} // namespace perdure::bench

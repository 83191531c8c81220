#pragma once

#include "runtime/time.hpp"

#include <chrono>
#include <cstdint>

namespace perdure::actors {

/// Lets so many lines of one source into the node's log, and no flood.
class log_quota {
public:
  enum class verdict {
    pass,
    /// Not this one, and the reader is to be told so.
    first_refused,
    refused,
  };

  verdict take(runtime::timestamp now) noexcept {
    if (now >= begin_ + window) {
      begin_ = now;
      used_ = 0;
    }
    if (used_ > lines_max)
      return verdict::refused;
    return ++used_ > lines_max ? verdict::first_refused : verdict::pass;
  }

  static constexpr std::chrono::seconds window{10};
  static constexpr std::uint32_t lines_max = 50;

private:
  runtime::timestamp begin_{};
  std::uint32_t used_ = 0;
};

} // namespace perdure::actors

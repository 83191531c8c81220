#pragma once

#include "runtime/result.hpp"

#include <filesystem>
#include <utility>

namespace perdure::storage {

/// Keeps other processes, and a second journal of this one, out of a journal's
/// directory. Released when the owner dies, however it dies.
class directory_lock {
public:
  /// Errors: errc::storage_locked (names the owner), errc::storage_io.
  static runtime::result<directory_lock>
  take(const std::filesystem::path& directory);

  directory_lock(directory_lock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {
    // nop
  }

  directory_lock& operator=(directory_lock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

  ~directory_lock();

private:
  explicit directory_lock(int file) noexcept : file_(file) {
    // nop
  }

  int file_;
};

} // namespace perdure::storage

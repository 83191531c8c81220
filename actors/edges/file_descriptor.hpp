#pragma once

#include <unistd.h>
#include <utility>

namespace perdure::actors {

/// Owns one file descriptor.
class file_descriptor {
public:
  file_descriptor() noexcept = default;

  explicit file_descriptor(int value) noexcept : value_(value) {
    // nop
  }

  file_descriptor(file_descriptor&& other) noexcept
    : value_(std::exchange(other.value_, -1)) {
    // nop
  }

  file_descriptor& operator=(file_descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }

  ~file_descriptor() {
    reset();
  }

  void reset() noexcept {
    if (value_ >= 0)
      ::close(std::exchange(value_, -1));
  }

  [[nodiscard]] int value() const noexcept {
    return value_;
  }

  explicit operator bool() const noexcept {
    return value_ >= 0;
  }

private:
  int value_ = -1;
};

} // namespace perdure::actors

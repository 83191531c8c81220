#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"

namespace perdure::tests {

/// A program on a terminal of its own, with somebody who reads and types. It is
/// killed with its owner.
///
/// Throws std::runtime_error when it cannot be started.
class terminal {
public:
  /// @param environment `NAME=value`, besides PATH and HOME
  terminal(const std::vector<std::string>& argv,
           const std::vector<std::string>& environment);
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;
  ~terminal();

  /// Waits until `text` is on the screen, behind what was waited for before.
  /// @returns whether it came
  bool sees(std::string_view text);

  /// What is typed, control characters too; Enter is a line feed.
  void types(std::string_view keys) const;

  /// Waits for the end. @returns its exit code, 128 + N after signal N, or
  /// nothing when it does not end in time
  std::optional<int> ends();

  /// Everything that was printed so far.
  [[nodiscard]] const std::string& screen() const {
    return screen_;
  }

private:
  /// Takes what is there. @returns false when there is no more to come
  bool read();

  pid_t pid_ = -1;
  int descriptor_ = -1;
  std::string screen_;
  std::size_t seen_ = 0;
  std::optional<int> exit_code_;
};

} // namespace perdure::tests

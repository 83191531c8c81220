#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/waiting.hpp"

namespace perdure::tests {

struct process_setup {
  std::vector<std::string> argv;
  /// `NAME=value`; the whole environment besides PATH and HOME.
  std::vector<std::string> environment;
  /// Gets what it prints, behind what is there already.
  std::filesystem::path output;
};

/// A program that is started now and killed with its owner, or with the test.
class process {
public:
  /// Throws std::runtime_error when it cannot be started.
  explicit process(const process_setup& setup);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  void send(int signal) const;

  /// Waits for its end. @returns its exit code, 128 + N after signal N, or
  /// nothing when it does not end in time
  std::optional<int> wait(std::chrono::milliseconds limit);

private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

struct finished {
  /// Nothing when it had to be killed.
  std::optional<int> exit_code;
  std::string output;
};

/// Runs a program to its end, or kills it after `limit`.
finished run_program(const std::vector<std::string>& argv,
                     const std::vector<std::string>& environment = {},
                     std::chrono::milliseconds limit = patience);

} // namespace perdure::tests

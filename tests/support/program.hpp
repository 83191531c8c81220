#pragma once

#include <string>
#include <vector>

namespace perdure::tests {

/// What a child process executes, made before it is born: between `fork` and
/// `execve` nothing may be allocated.
class program {
public:
  /// @param environment `NAME=value`; PATH and HOME come besides, and what
  /// sets up sanitizers as ours are
  program(std::vector<std::string> argv, std::vector<std::string> environment);
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// Ends the process with 127 when there is no such program. For a child.
  [[noreturn]] void execute() const noexcept;

private:
  std::vector<std::string> words_;
  std::vector<std::string> variables_;
  std::vector<char*> word_list_;
  std::vector<char*> variable_list_;
};

} // namespace perdure::tests

#pragma once

#include <string>
#include <utility>
#include <vector>

namespace perdure::actors {

/// What is started.
struct program {
  /// Program (looked up in PATH) and arguments; never a shell.
  std::vector<std::string> argv;
  /// The whole environment of the child.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Empty for the node's own.
  std::string directory;
};

} // namespace perdure::actors

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace perdure::client {

/// Rows under headings, in columns that are as wide as they need to be.
class table {
public:
  explicit table(std::vector<std::string> headings);

  /// Line breaks inside a cell become spaces.
  /// @pre as many cells as headings
  void add(std::vector<std::string> cells);

  /// @param width of the screen, which the last column is cut to; 0 for any
  [[nodiscard]] std::string text(std::size_t width) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace perdure::client

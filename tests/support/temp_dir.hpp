#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace perdure::tests {

/// A new directory that goes away with its owner.
class temp_dir {
public:
  temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir();

  [[nodiscard]] const std::filesystem::path& path() const {
    return path_;
  }

  /// Writes a file below, and the folders that it needs.
  /// @returns where it is
  std::filesystem::path write(const std::string& name, std::string_view text,
                              bool is_program = false) const;

private:
  std::filesystem::path path_;
};

/// The content of a file; empty when there is none.
std::string read_text(const std::filesystem::path& file);

} // namespace perdure::tests

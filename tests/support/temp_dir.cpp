#include "support/temp_dir.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace perdure::tests {

namespace fs = std::filesystem;

temp_dir::temp_dir() {
  auto pattern = (fs::temp_directory_path() / "perdure-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot create " + pattern);
  path_ = pattern;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path temp_dir::write(const std::string& name, std::string_view text,
                         bool is_program) const {
  const auto file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream out{file, std::ios::binary};
  out << text;
  out.close();
  if (!out)
    throw std::runtime_error("cannot write " + file.string());
  if (is_program)
    fs::permissions(file, fs::perms::owner_all);
  return file;
}

std::string read_text(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace perdure::tests

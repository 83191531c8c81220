#include "config/text_file.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace perdure::config {

namespace {

runtime::failure unreadable(const std::string& reason) {
  return {runtime::errc::invalid_argument, "cannot be read: " + reason};
}

} // namespace

runtime::result<std::string> read_text_file(const std::filesystem::path& file) {
  constexpr std::size_t size_max = std::size_t{4} << 20;
  std::error_code error;
  const auto is_file = std::filesystem::is_regular_file(file, error);
  if (error)
    return unreadable(error.message());
  if (!is_file)
    return unreadable("not a file");
  errno = 0;
  std::ifstream input{file, std::ios::binary};
  if (!input)
    return unreadable(std::generic_category().message(errno));
  // One byte more than allowed, to notice a file that is too large.
  std::string text(size_max + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(input.gcount()));
  if (input.bad())
    return unreadable(std::generic_category().message(errno));
  if (text.size() > size_max)
    return unreadable("larger than 4 MiB");
  return text;
}

} // namespace perdure::config

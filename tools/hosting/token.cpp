#include "tools/hosting/token.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perdure::hosting {

using runtime::errc;
using runtime::failure;

namespace {

failure io_error(const std::filesystem::path& path, const char* what) {
  return {errc::storage_io, std::string{"cannot "} + what + " " + path.string()
                              + ": " + std::strerror(errno)};
}

std::string make_token() {
  static constexpr auto alphabet = "0123456789abcdef";
  std::array<unsigned char, 32> noise{};
  if (::getrandom(noise.data(), noise.size(), 0)
      != static_cast<ssize_t>(noise.size()))
    return {};
  std::string out;
  for (const auto byte : noise) {
    out += alphabet[byte >> 4];
    out += alphabet[byte & 15];
  }
  return out;
}

/// Writes beside the file and renames: a crash leaves no half token.
runtime::result<std::string> create(const std::filesystem::path& path) {
  const auto token = make_token();
  if (token.empty())
    return failure{errc::internal, "the system gives no random numbers"};
  const auto fresh = path.string() + ".new";
  const int file
    = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0)
    return io_error(fresh, "create");
  const auto line = token + '\n';
  const bool written = ::write(file, line.data(), line.size())
                         == static_cast<ssize_t>(line.size())
                       && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
    return io_error(path, "write");
  return token;
}

} // namespace

runtime::result<std::string>
admin_token(const std::filesystem::path& data_dir) {
  const auto path = data_dir / "admin.token";
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return errno == ENOENT ? create(path) : io_error(path, "look at");
  if ((info.st_mode & 077) != 0)
    return failure{errc::unauthorized,
                   path.string()
                     + " can be read by other users; run: chmod 600 "
                     + path.string()};
  std::ifstream file{path};
  std::string token;
  if (!std::getline(file, token) || token.size() < 16)
    return failure{errc::storage_io, path.string()
                                       + " holds no token; remove it and start "
                                         "again to get a new one"};
  return token;
}

} // namespace perdure::hosting

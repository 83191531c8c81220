#include "storage/lmdb/directory_lock.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::result;

namespace {

/// The process id that the owner left in the file, or nothing.
std::string owner_of(int file) {
  std::array<char, 32> text{};
  auto size = pread(file, text.data(), text.size(), 0);
  std::string owner;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i)
    owner += text[i];
  return owner;
}

/// Locks the file. An owner that was just killed may hold the lock for a moment
/// longer: a child that it was starting shares it until it runs its program.
/// @returns 0 or an errno
int lock_file(int file) {
  constexpr int attempts_max = 50;
  for (int attempt = 1;; ++attempt) {
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
      return 0;
    if (errno != EWOULDBLOCK || attempt == attempts_max)
      return errno;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

} // namespace

result<directory_lock>
directory_lock::take(const std::filesystem::path& directory) {
  auto path = directory / "journal.lock";
  auto file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return failure{errc::storage_io,
                   "cannot open " + path.string() + ": "
                     + std::generic_category().message(errno)};
  directory_lock lock{file};
  if (const auto code = lock_file(file); code != 0) {
    if (code != EWOULDBLOCK)
      return failure{errc::storage_io,
                     "cannot lock " + path.string() + ": "
                       + std::generic_category().message(code)};
    auto owner = owner_of(file);
    return failure{errc::storage_locked,
                   "journal " + directory.string() + " is in use by "
                     + (owner.empty() ? "another process" : "process " + owner)
                     + "; stop it first, or give this one another directory"};
  }
  // For people only: the lock holds on a full disk, where this fails.
  auto text = std::to_string(getpid()) + "\n";
  if (ftruncate(file, 0) == 0)
    static_cast<void>(pwrite(file, text.data(), text.size(), 0) >= 0);
  return lock;
}

directory_lock::~directory_lock() {
  if (file_ >= 0)
    close(file_);
}

} // namespace perdure::storage

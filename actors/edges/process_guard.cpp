#include "actors/edges/process_guard.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace perdure::actors {

namespace {

/// Programs that can be guarded at a time; a list of them takes 256 KiB of
/// addresses, and memory for those that are used.
constexpr std::size_t places_max = 65'536;
constexpr std::size_t list_size = places_max * sizeof(pid_t);

// Only raw system calls: the guard is a fork of a process with other threads.
#define PERDURE_IN_GUARD                                                       \
  __attribute__((no_sanitize("address", "thread", "undefined"), noreturn))

PERDURE_IN_GUARD void run_guard(int pipe, const pid_t* groups) {
  const std::uint64_t all = ~std::uint64_t{0};
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all);
  // Neither the terminal nor a kill by name or group is meant for it.
  ::syscall(SYS_setsid);
  ::syscall(SYS_prctl, PR_SET_NAME, "perdure-guard", 0, 0, 0);
  // Locks, ports and the terminal must not outlive the node in here.
  ::syscall(SYS_dup3, pipe, 0, 0);
  if (::syscall(SYS_close_range, 1u, ~0u, 0u) != 0)
    for (unsigned fd = 1; fd < 65'536; ++fd)
      ::syscall(SYS_close, fd);
  ::syscall(SYS_chdir, "/");
  char byte = 0;
  const auto size = ::syscall(SYS_read, 0, &byte, 1);
  // The end of the pipe is the end of the node; a byte is its good-bye.
  for (std::size_t i = 0; size == 0 && i < places_max; ++i)
    if (groups[i] > 0)
      ::syscall(SYS_kill, -groups[i], SIGKILL);
  for (;;)
    ::syscall(SYS_exit_group, 0);
}

#undef PERDURE_IN_GUARD

} // namespace

void process_guard::place::clear() noexcept {
  if (group_ == nullptr)
    return;
  std::atomic_ref{*group_}.store(0, std::memory_order_release);
  owner_->spare_.push_back(std::exchange(group_, nullptr));
}

process_guard::process_guard() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return;
  const file_descriptor waiting{ends[0]};
  alive_ = file_descriptor{ends[1]};
  void* list = ::mmap(nullptr, list_size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (list == MAP_FAILED)
    return;
  groups_ = static_cast<pid_t*>(list);
  spare_.reserve(places_max);
  pid_ = ::fork();
  if (pid_ == 0)
    run_guard(waiting.value(), groups_);
}

process_guard::~process_guard() {
  if (pid_ > 0) {
    // SIGPIPE is no matter: a guard that was killed has left its end open here.
    static_cast<void>(::write(alive_.value(), "", 1));
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
      continue;
  }
  if (groups_ != nullptr)
    ::munmap(groups_, list_size);
}

process_guard::place process_guard::take_place() {
  if (pid_ <= 0)
    return {};
  if (!spare_.empty()) {
    auto* group = spare_.back();
    spare_.pop_back();
    return {this, group};
  }
  if (used_ == places_max)
    return {};
  return {this, groups_ + used_++};
}

} // namespace perdure::actors

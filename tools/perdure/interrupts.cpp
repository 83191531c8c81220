#include "tools/perdure/interrupts.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace perdure::client {

namespace {

// A signal handler reaches nothing but globals.
std::atomic<int> reading_end{-1};
std::atomic<int> writing_end{-1};

extern "C" void on_interrupt(int) {
  const auto saved = errno;
  const char byte = 0;
  [[maybe_unused]] const auto count = ::write(writing_end, &byte, 1);
  errno = saved;
}

bool is_readable(int descriptor, int timeout_ms) noexcept {
  // A negative descriptor is ignored: then this only waits.
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) > 0;
}

} // namespace

void interrupts::watch() {
  std::array<int, 2> ends{};
  if (reading_end >= 0 || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return;
  reading_end = ends[0];
  writing_end = ends[1];
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  // One shot: the next one has its usual effect again.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

bool interrupts::happened() noexcept {
  return reading_end >= 0 && is_readable(reading_end, 0);
}

int interrupts::descriptor() noexcept {
  return reading_end;
}

void interrupts::acknowledge() noexcept {
  char byte = 0;
  while (reading_end >= 0 && ::read(reading_end, &byte, 1) > 0)
    continue;
}

bool interrupts::wait(std::chrono::milliseconds delay) {
  return !is_readable(reading_end, static_cast<int>(delay.count()));
}

} // namespace perdure::client

#include "actors/edges/epoll_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <signal.h>
#include <sys/eventfd.h>
#include <system_error>

namespace perdure::actors {

epoll_loop::epoll_loop()
  : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
    wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_ || !wake_ || !watch(wake_.value(), EPOLLIN, wake_key))
    throw std::system_error(errno, std::generic_category(),
                            "cannot create an event loop");
}

bool epoll_loop::watch(int fd, std::uint32_t events,
                       std::uint64_t key) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.value(), EPOLL_CTL_ADD, fd, &event) == 0)
    return true;
  return errno == EEXIST
         && ::epoll_ctl(epoll_.value(), EPOLL_CTL_MOD, fd, &event) == 0;
}

void epoll_loop::forget(int fd) noexcept {
  ::epoll_ctl(epoll_.value(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_event>
epoll_loop::wait(std::optional<clock::time_point> until) noexcept {
  int timeout_ms = -1;
  if (until) {
    // Rounded up, so that a timer is due when the wait is over.
    const auto left
      = std::chrono::ceil<std::chrono::milliseconds>(*until - clock::now());
    timeout_ms
      = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
  }
  const int count = ::epoll_wait(epoll_.value(), events_.data(),
                                 static_cast<int>(events_.size()), timeout_ms);
  if (count <= 0)
    return {};
  auto end = events_.begin() + count;
  const auto wake = std::find_if(events_.begin(), end, [](const auto& event) {
    return event.data.u64 == wake_key;
  });
  if (wake != end) {
    std::uint64_t ignored = 0;
    [[maybe_unused]] auto size
      = ::read(wake_.value(), &ignored, sizeof(ignored));
    *wake = *--end;
  }
  return {events_.data(), static_cast<std::size_t>(end - events_.begin())};
}

void epoll_loop::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when wake-ups are pending, which is as good.
  [[maybe_unused]] auto size = ::write(wake_.value(), &one, sizeof(one));
}

void block_signals() noexcept {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

} // namespace perdure::actors

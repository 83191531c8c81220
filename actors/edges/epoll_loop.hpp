#pragma once

#include "actors/edges/file_descriptor.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <sys/epoll.h>

namespace perdure::actors {

/// Waits for descriptors, for a moment and for `wake`. The thread that waits
/// owns it; only `wake` may be called from another.
class epoll_loop {
public:
  using clock = std::chrono::steady_clock;

  /// The key of the event that `wake` causes; no descriptor may use it.
  static constexpr auto wake_key = ~std::uint64_t{0};

  /// @throws std::system_error when the system has no descriptor left.
  epoll_loop();

  /// Watches `fd` for `events`, or changes what it is watched for.
  /// @returns false when the system refuses.
  [[nodiscard]] bool
  watch(int fd, std::uint32_t events, std::uint64_t key) noexcept;

  void forget(int fd) noexcept;

  /// Waits until `until` at the latest; for ever without one. The result is
  /// valid until the next call; wake-ups are not part of it.
  [[nodiscard]] std::span<const epoll_event>
  wait(std::optional<clock::time_point> until) noexcept;

  void wake() noexcept;

private:
  file_descriptor epoll_;
  file_descriptor wake_;
  std::array<epoll_event, 256> events_{};
};

/// Keeps every signal away from the calling thread: the node handles them on
/// a thread of its own, and a broken pipe is an error code here.
void block_signals() noexcept;

} // namespace perdure::actors

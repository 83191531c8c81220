#pragma once

#include <chrono>
#include <thread>

namespace perdure::tests {

/// How long a test waits for what should happen at once; a busy machine is
/// slow, a broken program never gets there.
inline constexpr std::chrono::seconds patience{180};

/// Waits for what another thread or process does. @returns whether it came true
template <class Predicate>
bool wait_until(Predicate predicate,
                std::chrono::milliseconds limit = patience) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

} // namespace perdure::tests

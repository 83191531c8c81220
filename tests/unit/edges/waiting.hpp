#pragma once

#include <chrono>
#include <thread>

namespace perdure::tests {

/// Waits for what another thread does. @returns whether it came true.
template <class Predicate>
bool eventually(Predicate predicate,
                std::chrono::milliseconds limit = std::chrono::seconds{20}) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

} // namespace perdure::tests

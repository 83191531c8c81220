#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace perdure::actors {

/// Threads for functions that may block. They are made when they are needed and
/// stay; more functions than threads wait their turn, in order.
class function_pool {
public:
  /// @pre `threads_max > 0`
  explicit function_pool(std::size_t threads_max);
  function_pool(const function_pool&) = delete;
  function_pool& operator=(const function_pool&) = delete;
  ~function_pool();

  /// Runs `work`, which must not throw, on one of the threads. Thread-safe;
  /// does nothing after `stop`.
  void start(std::function<void()> work);

  /// Drops what waits and waits for what is under way. Idempotent; not from one
  /// of the threads.
  void stop();

private:
  void run();

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopped_ = false;
};

} // namespace perdure::actors

#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace perdure::actors {

/// Lets callbacks through on one thread until it is closed from any. Once
/// `close` has returned no callback runs any more, except when it is called
/// from inside one: then that one is the last.
class callback_gate {
public:
  /// Runs `callback` unless the gate is closed. Called on the owner's thread
  /// only, never from inside a callback of the same gate.
  /// @returns whether it was run.
  template <class Callback>
  bool pass(Callback&& callback) {
    const std::lock_guard guard{running_};
    if (closed())
      return false;
    std::forward<Callback>(callback)();
    return true;
  }

  void close(std::thread::id owner) {
    closed_.store(true);
    if (std::this_thread::get_id() != owner)
      const std::lock_guard wait_for_callback{running_};
  }

  [[nodiscard]] bool closed() const noexcept {
    return closed_.load();
  }

private:
  std::mutex running_;
  std::atomic<bool> closed_{false};
};

} // namespace perdure::actors

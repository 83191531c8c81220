#pragma once

#include <chrono>
#include <functional>

namespace perdure::actors {

/// Does pieces of work one after another, wherever its owner lives. What an
/// edge does there needs no locks.
class work_queue {
public:
  using work = std::function<void()>;

  virtual ~work_queue() = default;

  /// Thread-safe; returns before `next` is done.
  virtual void post(work next) = 0;

  /// Thread-safe. Nothing can take it back: `next` checks whether it is still
  /// wanted.
  virtual void post_after(std::chrono::milliseconds delay, work next) = 0;
};

} // namespace perdure::actors

#pragma once

#include "actors/edges/work_queue.hpp"

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

namespace perdure::tests {

/// A queue on a thread of its own.
class work_thread final : public actors::work_queue {
public:
  work_thread() : thread_([this] { run(); }) {}

  ~work_thread() override {
    post([this] { stops_ = true; });
    thread_.join();
  }

  void post(work next) override {
    post_after(std::chrono::milliseconds{0}, std::move(next));
  }

  void post_after(std::chrono::milliseconds delay, work next) override {
    const std::lock_guard guard{mutex_};
    waiting_.emplace(clock::now() + delay, std::move(next));
    changed_.notify_one();
  }

  /// Does `what` there, and waits for it.
  template <class Work>
  auto run_here(Work what) {
    std::packaged_task<decltype(what())()> task{std::move(what)};
    auto result = task.get_future();
    post([&task] { task(); });
    return result.get();
  }

private:
  using clock = std::chrono::steady_clock;

  void run() {
    while (!stops_)
      if (const auto next = take())
        next();
  }

  work take() {
    std::unique_lock guard{mutex_};
    if (waiting_.empty()) {
      changed_.wait(guard);
      return {};
    }
    const auto first = waiting_.begin();
    if (first->first > clock::now()) {
      changed_.wait_until(guard, first->first);
      return {};
    }
    auto next = std::move(first->second);
    waiting_.erase(first);
    return next;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<clock::time_point, work> waiting_;
  bool stops_ = false;
  std::thread thread_;
};

} // namespace perdure::tests

#include "actors/edges/function_pool.hpp"

#include <utility>

namespace perdure::actors {

function_pool::function_pool(std::size_t threads_max)
  : threads_max_(threads_max) {
  // nop
}

function_pool::~function_pool() {
  stop();
}

void function_pool::start(std::function<void()> work) {
  const std::lock_guard lock{mutex_};
  if (stopped_)
    return;
  waiting_.push_back(std::move(work));
  if (waiting_.size() > idle_ && threads_.size() < threads_max_)
    threads_.emplace_back([this] { run(); });
  else
    news_.notify_one();
}

void function_pool::stop() {
  std::deque<std::function<void()>> dropped;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    dropped.swap(waiting_);
    threads.swap(threads_);
  }
  news_.notify_all();
  dropped.clear(); // without the lock: what it holds may be anything
  for (auto& thread : threads)
    thread.join();
}

void function_pool::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    ++idle_;
    news_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    --idle_;
    if (stopped_)
      return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr; // what it holds goes before it counts as idle
    lock.lock();
  }
}

} // namespace perdure::actors

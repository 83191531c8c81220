#pragma once

#include "actors/edges/deadlines.hpp"
#include "actors/edges/epoll_loop.hpp"
#include "actors/edges/process_guard.hpp"

#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perdure::actors {

/// One thread that starts programs and moves their bytes. Being their parent
/// it must live as long as they do: they are killed when it ends.
///
/// A `Process` has a `callback_gate gate`, which any thread may use, and for
/// the loop's thread: `start(loop, guard)`, `advance(loop)` to go on as far as
/// possible, `next_moment()` and `on_moment(now)` for its timers, `kill()`,
/// `over()`, and `deliver()` for its last callback.
template <class Process>
class process_loop {
public:
  using id = std::uint64_t;

  process_loop() : thread_([this] { run(); }) {
    // nop
  }

  ~process_loop() {
    {
      const std::lock_guard guard{mutex_};
      stopping_ = true;
    }
    loop_.wake();
    thread_.join();
  }

  process_loop(const process_loop&) = delete;
  process_loop& operator=(const process_loop&) = delete;

  /// Starts a `Process` that is made of its id and `arguments`.
  template <class... Arguments>
  id add(Arguments&&... arguments) {
    const std::lock_guard guard{mutex_};
    const auto process = next_++;
    processes_.emplace(process,
                       std::make_shared<Process>(
                         process, std::forward<Arguments>(arguments)...));
    send(process);
    return process;
  }

  /// @returns null when it is over
  std::shared_ptr<Process> find(id process) {
    const std::lock_guard guard{mutex_};
    const auto position = processes_.find(process);
    return position == processes_.end() ? nullptr : position->second;
  }

  /// Has the loop's thread look at the process.
  void poke(id process) {
    const std::lock_guard guard{mutex_};
    send(process);
  }

  /// Kills the process; no callback follows.
  void cancel(id process) {
    const auto found = find(process);
    if (found == nullptr)
      return;
    found->gate.close(thread_.get_id());
    poke(process);
  }

private:
  /// @pre the mutex is held
  void send(id process) {
    if (commands_.empty())
      loop_.wake();
    commands_.push_back(process);
  }

  void run() {
    block_signals();
    while (run_commands()) {
      for (const auto& event : loop_.wait(deadlines_.next()))
        if (auto process = find(event.data.u64)) {
          process->advance(loop_);
          settle(event.data.u64, *process);
        }
      const auto now = epoll_loop::clock::now();
      while (const auto due = deadlines_.take_due(now))
        if (auto process = find(*due)) {
          process->on_moment(now);
          process->advance(loop_);
          settle(*due, *process);
        }
    }
    // Destroying a process kills and reaps it; this thread is its parent.
    started_.clear();
    std::unordered_map<id, std::shared_ptr<Process>> left;
    {
      const std::lock_guard guard{mutex_};
      left.swap(processes_);
    }
  }

  /// Looks at what is new, was cancelled, or was given something to do.
  /// @returns false once the loop is to stop.
  bool run_commands() {
    std::vector<id> commands;
    {
      const std::lock_guard guard{mutex_};
      if (stopping_)
        return false;
      commands.swap(commands_);
    }
    for (const auto command : commands)
      if (auto process = find(command)) {
        if (process->gate.closed())
          process->kill();
        else if (started_.emplace(command, process).second)
          process->start(loop_, guard_);
        else
          process->advance(loop_);
        if (started_.count(command) == 0)
          remove(command);
        else
          settle(command, *process);
      }
    return true;
  }

  /// Ends `process` if it is over, else plans its next moment.
  void settle(id key, Process& process) {
    if (process.over()) {
      deadlines_.clear(key);
      started_.erase(key);
      // Removed afterwards: `cancel` waits for a callback that it can find.
      process.deliver();
      remove(key);
      return;
    }
    if (const auto next = process.next_moment())
      deadlines_.set(key, *next);
    else
      deadlines_.clear(key);
  }

  void remove(id process) {
    const std::lock_guard guard{mutex_};
    processes_.erase(process);
  }

  // First, so that it outlives all processes.
  process_guard guard_;
  std::mutex mutex_;
  std::unordered_map<id, std::shared_ptr<Process>> processes_;
  std::vector<id> commands_;
  id next_ = 1;
  bool stopping_ = false;
  // The loop's thread only.
  epoll_loop loop_;
  deadlines deadlines_;
  std::unordered_map<id, std::shared_ptr<Process>> started_;
  // Last, so that it starts with everything in place.
  std::thread thread_;
};

} // namespace perdure::actors

#include "actors/edges/process_runner.hpp"

#include "actors/edges/running_process.hpp"

#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace perdure::actors {

namespace {

/// One thread that starts programs and moves their bytes. Being their parent
/// it must live as long as they do: they are killed when it ends.
class epoll_process_runner final : public process_runner {
public:
  epoll_process_runner() : thread_([this] { run(); }) {
    // nop
  }

  ~epoll_process_runner() override {
    {
      const std::lock_guard guard{mutex_};
      stopping_ = true;
    }
    loop_.wake();
    thread_.join();
  }

  id start(process_request request,
           std::function<void(process_result)> done) override {
    const std::lock_guard guard{mutex_};
    const auto process = next_++;
    processes_.emplace(
      process, std::make_shared<running_process>(process, std::move(request),
                                                 std::move(done)));
    commands_.push_back(process);
    loop_.wake();
    return process;
  }

  void cancel(id process) override {
    std::shared_ptr<running_process> found;
    {
      const std::lock_guard guard{mutex_};
      const auto position = processes_.find(process);
      if (position == processes_.end())
        return;
      found = position->second;
    }
    found->gate.close(thread_.get_id());
    const std::lock_guard guard{mutex_};
    commands_.push_back(process);
    loop_.wake();
  }

private:
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
    std::unordered_map<id, std::shared_ptr<running_process>> left;
    {
      const std::lock_guard guard{mutex_};
      left.swap(processes_);
    }
  }

  /// Starts what is new and kills what was cancelled.
  /// @returns false once the runner is to stop.
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
        if (started_.count(command) == 0)
          remove(command);
        else
          settle(command, *process);
      }
    return true;
  }

  /// Ends `process` if it is over, else plans its next moment.
  void settle(id key, running_process& process) {
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

  std::shared_ptr<running_process> find(id process) {
    const std::lock_guard guard{mutex_};
    const auto position = processes_.find(process);
    return position == processes_.end() ? nullptr : position->second;
  }

  void remove(id process) {
    const std::lock_guard guard{mutex_};
    processes_.erase(process);
  }

  // First, so that it outlives all processes.
  process_guard guard_;
  std::mutex mutex_;
  std::unordered_map<id, std::shared_ptr<running_process>> processes_;
  std::vector<id> commands_;
  id next_ = 1;
  bool stopping_ = false;
  // The runner's thread only.
  epoll_loop loop_;
  deadlines deadlines_;
  std::unordered_map<id, std::shared_ptr<running_process>> started_;
  // Last, so that it starts with everything in place.
  std::thread thread_;
};

} // namespace

std::unique_ptr<process_runner> make_process_runner() {
  return std::make_unique<epoll_process_runner>();
}

} // namespace perdure::actors

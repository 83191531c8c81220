#pragma once

#include "actors/edges/callback_gate.hpp"
#include "actors/edges/child_group.hpp"
#include "actors/edges/deadlines.hpp"
#include "actors/edges/process_runner.hpp"

#include <functional>

namespace perdure::actors {

/// One process from its start to its result. Everything but `gate` belongs to
/// the runner's thread.
///
///   starting -> running -> terminating -> killing -> over
///                  |  SIGTERM sent ^          ^
///                  +------ SIGKILL sent ------+
class running_process {
public:
  using time_point = deadlines::time_point;

  running_process(std::uint64_t id, process_request request,
                  std::function<void(process_result)> done);

  void start(epoll_loop& loop, process_guard& guard);

  /// Reads, writes and looks after the leader, as far as possible.
  void advance(epoll_loop& loop);

  /// A moment that `next_moment` named has come.
  void on_moment(time_point now);

  /// Ends the process group at once.
  void kill();

  [[nodiscard]] bool over() const noexcept;
  [[nodiscard]] std::optional<time_point> next_moment() const noexcept;

  /// Calls back unless cancelled. A callback that throws is ignored.
  /// @pre `over()`
  void deliver();

  callback_gate gate;

private:
  void write_input(epoll_loop& loop);
  void read_output(epoll_loop& loop);
  void read_error_output(epoll_loop& loop);
  void look_after_leader(epoll_loop& loop);
  void fail(epoll_loop& loop, std::string problem);

  std::uint64_t id_;
  process_request request_;
  std::function<void(process_result)> done_;
  child_group child_;
  process_result result_;
  std::size_t written_ = 0;
  bool gave_up_ = false;
  std::optional<time_point> timeout_at_;
  std::optional<time_point> kill_at_;
  std::optional<time_point> give_up_at_;
};

} // namespace perdure::actors

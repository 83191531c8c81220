#pragma once

#include "actors/edges/child_process.hpp"
#include "actors/edges/epoll_loop.hpp"
#include "actors/edges/process_guard.hpp"

#include <optional>

namespace perdure::actors {

/// A program and all of its process group, from the start until the group is
/// dead and the leader reaped. The leader stays a zombie until then, so that
/// its process group cannot be mistaken for another one.
///
/// Threads: one owner, which is the parent of the program
class child_group {
public:
  using time_point = epoll_loop::clock::time_point;

  child_group() = default;
  child_group(const child_group&) = delete;
  child_group& operator=(const child_group&) = delete;

  /// Kills and reaps what is left.
  ~child_group();

  /// Starts `what` and watches its outputs and its end as `key`.
  /// @returns why it was not started
  [[nodiscard]] start_problem start(epoll_loop& loop, process_guard& guard,
                                    const program& what, std::uint64_t key);

  /// Looks after the leader. @returns true when it has ended since last time
  bool look(epoll_loop& loop);

  [[nodiscard]] bool leader_exited() const noexcept {
    return leader_exited_;
  }

  /// Exit code, or the number of the signal.
  [[nodiscard]] int code() const noexcept {
    return code_;
  }

  [[nodiscard]] bool was_signalled() const noexcept {
    return was_signalled_;
  }

  /// When to look again on a kernel that does not tell of the leader's end.
  [[nodiscard]] std::optional<time_point> next_look() const noexcept {
    return look_at_;
  }

  void signal(int number) const noexcept;

  /// Kills what is left of the group and reaps the leader.
  void end() noexcept;

  static void close(epoll_loop& loop, file_descriptor& fd) noexcept;
  void close_all(epoll_loop& loop) noexcept;

  /// The node's ends of the pipes.
  [[nodiscard]] file_descriptor& input() noexcept {
    return child_.input;
  }

  [[nodiscard]] file_descriptor& output() noexcept {
    return child_.output;
  }

  [[nodiscard]] file_descriptor& error_output() noexcept {
    return child_.error_output;
  }

  [[nodiscard]] bool is_silent() const noexcept {
    return !child_.output && !child_.error_output;
  }

private:
  child_process child_;
  process_guard::place place_;
  bool leader_exited_ = false;
  bool was_signalled_ = false;
  int code_ = 0;
  std::optional<time_point> look_at_;
};

/// How long outputs may stay open after the leader has exited.
inline constexpr std::chrono::milliseconds output_grace{500};

} // namespace perdure::actors

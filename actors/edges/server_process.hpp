#pragma once

#include "actors/edges/callback_gate.hpp"
#include "actors/edges/child_group.hpp"
#include "actors/edges/server_processes.hpp"

#include <atomic>
#include <mutex>

namespace perdure::actors {

/// One program that serves, from its start to its end.
///
///   starting -> running -> closing -> terminating -> killing -> over
///                  |  input closed ^  SIGTERM ^       ^
///                  +--------------- SIGKILL ----------+
///
/// Threads: `write`, `consume`, `close` and `gate` are anyone's, all else
///          belongs to the loop's thread
class server_process {
public:
  using time_point = child_group::time_point;

  server_process(std::uint64_t id, server_request request,
                 std::shared_ptr<server_receiver> receiver);

  // -- on any thread

  /// Each has the loop's thread look at the process, where it says so.
  void write(std::string_view bytes);
  [[nodiscard]] bool consume(std::size_t bytes) noexcept;
  void close();

  callback_gate gate;

  // -- on the loop's thread

  void start(epoll_loop& loop, process_guard& guard);
  void advance(epoll_loop& loop);
  void on_moment(time_point now);
  void kill();
  [[nodiscard]] bool over() const noexcept;
  [[nodiscard]] std::optional<time_point> next_moment() const noexcept;
  /// @pre `over()`
  void deliver();

private:
  using output_callback = void (server_receiver::*)(std::string);

  void look_after_leader(epoll_loop& loop);
  void begin_close();
  void write_input(epoll_loop& loop);
  void read_outputs(epoll_loop& loop);
  void read(epoll_loop& loop, file_descriptor& fd, output_callback callback);
  void watch_outputs(epoll_loop& loop, bool wanted);
  [[nodiscard]] bool must_pause() noexcept;
  /// A server that closed a pipe is on the way out, or of no use.
  void expect_end(std::string_view why);
  void end_by_force(std::string_view why);

  const std::uint64_t id_;
  const server_request request_;
  std::shared_ptr<server_receiver> receiver_;
  // -- of any thread
  std::mutex mutex_;
  std::string unwritten_;
  bool is_overrun_ = false;
  bool is_closing_ = false;
  std::atomic<std::uint64_t> unconsumed_{0};
  std::atomic<bool> paused_{false};
  // -- of the loop's thread
  child_group child_;
  server_end end_;
  bool closed_ = false;
  bool outputs_watched_ = true;
  bool input_watched_ = false;
  /// Nothing more was there to read the last time.
  bool drained_ = false;
  bool gave_up_ = false;
  std::optional<time_point> terminate_at_;
  std::optional<time_point> kill_at_;
  std::optional<time_point> end_until_;
  std::string_view why_end_;
  std::optional<time_point> give_up_at_;
};

} // namespace perdure::actors

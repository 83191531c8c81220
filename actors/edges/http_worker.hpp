#pragma once

#include "actors/edges/http_server.hpp"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace perdure::actors {

class http_session;

/// What all workers of a server share. Thread-safe.
class http_server_state {
public:
  http_server_state(http_server_options server_options,
                    request_handler server_handler)
    : options(std::move(server_options)), handler(std::move(server_handler)) {
    // nop
  }

  /// Counts a connection. @returns how many there are now.
  std::size_t add_connection();
  void remove_connection();

  /// Waits until no connection is left. @returns false when `limit` is over.
  bool wait_until_idle(std::chrono::milliseconds limit);

  const http_server_options options;
  const request_handler handler;

private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t connections_ = 0;
};

/// One thread of the server with the connections that live on it. Everything
/// but `post`, `stop` and `join` is called on that thread.
class http_worker : public std::enable_shared_from_this<http_worker> {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit http_worker(std::shared_ptr<http_server_state> state);

  void start();

  /// Ends the thread once nothing is left to do. Thread-safe.
  void finish();

  /// Runs `task` on the thread. @returns false when it has ended.
  /// Thread-safe.
  bool post(std::function<void()> task);

  [[nodiscard]] bool on_thread() {
    return io.get_executor().running_in_this_thread();
  }

  void add(std::shared_ptr<http_session> session);
  void remove(http_session& session);

  /// Lets every session end by itself.
  void begin_stop();
  /// Ends every session at once.
  void close_all();

  /// The time of the last tick: precise enough for timeouts in seconds.
  [[nodiscard]] time_point now() const noexcept {
    return now_;
  }

  /// The value of a `Date` header.
  [[nodiscard]] const std::string& date() const noexcept {
    return date_;
  }

  [[nodiscard]] bool stopping() const noexcept {
    return stopping_;
  }

  [[nodiscard]] const http_server_options& options() const noexcept {
    return state->options;
  }

  const std::shared_ptr<http_server_state> state;
  boost::asio::io_context io{1};
  /// What a connection reads at once; only its rest is kept per connection.
  std::array<char, 65'536> scratch{};

private:
  void run();
  void tick();
  void schedule_tick();

  boost::asio::steady_timer timer_{io};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_{io.get_executor()};
  std::vector<std::shared_ptr<http_session>> sessions_;
  time_point now_;
  std::string date_;
  bool stopping_ = false;
  bool finishing_ = false;
  std::mutex mutex_;
  bool ended_ = false;
  std::thread thread_;
};

} // namespace perdure::actors

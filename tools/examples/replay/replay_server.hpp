#pragma once

#include "actors/edges/http_server.hpp"
#include "tools/examples/replay/recording.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>

namespace perdure::replay {

struct replay_options {
  /// 0 takes a free port.
  std::uint16_t port = 0;
  /// Where streamed bodies are cut follows from it.
  std::uint64_t seed = 1;
  /// Between two pieces of a streamed body.
  std::chrono::milliseconds chunk_delay{0};
  /// Largest piece of a streamed body; at least 1.
  std::size_t chunk_max_bytes = 400;
  /// Begins again after the last answer.
  bool loop = false;
  /// Called for each request, on the server's thread, before its answer.
  std::function<void(std::size_t number, const actors::server_request&)>
    on_request;
};

/// A provider that says what it said before: a server on 127.0.0.1 that gives
/// the answers of a recording in order, whatever it is asked, and keeps what it
/// was asked. A request after the last answer gets 400.
///
/// Threads: every member may be called from any thread.
class replay_server {
public:
  /// Errors: errc::unavailable when the port is taken
  static runtime::result<std::unique_ptr<replay_server>>
  start(std::vector<answer> answers, replay_options options);

  replay_server(const replay_server&) = delete;
  replay_server& operator=(const replay_server&) = delete;
  ~replay_server();

  [[nodiscard]] std::uint16_t port() const;
  /// Without a slash at its end.
  [[nodiscard]] std::string url() const;

  /// Forgets what was asked and begins with the first of `answers`.
  void play(std::vector<answer> answers, std::uint64_t seed);

  /// What was asked since the last `play`, in order.
  [[nodiscard]] std::vector<actors::server_request> asked() const;

  /// Waits until `count` requests have come. @returns whether they did
  bool wait_for_requests(std::size_t count, std::chrono::milliseconds limit);

private:
  using exchange_ptr = std::shared_ptr<actors::server_exchange>;

  explicit replay_server(std::vector<answer> answers, replay_options options);

  void handle(const exchange_ptr& exchange);
  void
  stream(const exchange_ptr& exchange, const answer& what, std::uint64_t seed);

  replay_options options_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<answer> answers_;
  std::mt19937_64 random_;
  std::vector<actors::server_request> asked_;
  /// Answers that never end.
  std::vector<exchange_ptr> stalled_;
  std::unique_ptr<actors::http_server> server_;
};

} // namespace perdure::replay

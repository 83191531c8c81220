#pragma once

#include "actors/edges/http_client.hpp"

#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>

namespace perdure::tests {

/// The servers of the tests are on this machine, whatever proxy it uses.
inline const int no_proxy = ::setenv("no_proxy", "*", 1);

/// Keeps one answer. Consumes what it gets unless told otherwise.
class collector : public actors::http_receiver {
public:
  void on_head(actors::http_head value) override {
    const std::lock_guard guard{mutex_};
    ++heads_;
    head = std::move(value);
    changed_.notify_all();
  }

  void on_body(std::string chunk) override {
    const std::lock_guard guard{mutex_};
    body += chunk;
    if (on_chunk)
      on_chunk(chunk.size());
    changed_.notify_all();
  }

  void on_end(actors::http_failure reason) override {
    const std::lock_guard guard{mutex_};
    ++ends_;
    failure = std::move(reason);
    changed_.notify_all();
  }

  /// Waits for the end. @returns whether it came, once and in order.
  bool wait() {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, std::chrono::seconds{30},
                             [this] { return ends_ > 0; })
           && ends_ == 1 && heads_ <= 1;
  }

  bool wait_for_body(std::size_t size) {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, std::chrono::seconds{30},
                             [&] { return body.size() >= size; });
  }

  bool wait_for_head() {
    std::unique_lock guard{mutex_};
    return changed_.wait_for(guard, std::chrono::seconds{30},
                             [&] { return heads_ == 1; });
  }

  std::size_t body_size() {
    const std::lock_guard guard{mutex_};
    return body.size();
  }

  int ends() {
    const std::lock_guard guard{mutex_};
    return ends_;
  }

  // Read after `wait`.
  actors::http_head head;
  std::string body;
  actors::http_failure failure;
  /// Set before the start.
  std::function<void(std::size_t)> on_chunk;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int heads_ = 0;
  int ends_ = 0;
};

inline actors::http_request
make_request(std::uint16_t port, std::string_view path, std::string body = {}) {
  actors::http_request request;
  request.method = body.empty() ? "GET" : "POST";
  request.url = "http://127.0.0.1:" + std::to_string(port) + std::string{path};
  if (!body.empty())
    request.body.push_back(
      std::make_shared<const std::string>(std::move(body)));
  return request;
}

} // namespace perdure::tests

#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace perdure::bench {

/// A provider on loopback in a child process, so that what it costs is not the
/// node's: Chat Completions, not streamed. It reads each request whole and
/// answers with a call of the tool `step`, the `steps`-th one with text. Make
/// it before any thread is started.
class chat_server {
public:
  explicit chat_server(std::size_t steps);
  ~chat_server();

  chat_server(const chat_server&) = delete;
  chat_server& operator=(const chat_server&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept {
    return port_;
  }

private:
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace perdure::bench

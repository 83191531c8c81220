#pragma once

#include "runtime/json.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <sys/types.h>

namespace perdure::bench {

struct stream_lag_options {
  std::filesystem::path directory;
  /// Runs that are streamed at a time, each to a watcher of its own.
  std::size_t streams = 100;
  /// Chunks of each, and the time between two of them.
  std::size_t chunks = 100;
  std::size_t interval_ms = 20;
  std::size_t threads = 0;
  bool sync = true;
};

/// A child process that is the provider and the watchers, so that one clock
/// tells both times and what they cost is not the node's. Make it before any
/// thread is started.
class stream_peer {
public:
  explicit stream_peer(const stream_lag_options& options);
  ~stream_peer();

  stream_peer(const stream_peer&) = delete;
  stream_peer& operator=(const stream_peer&) = delete;

  /// Creates the runs, watches them to their end. @returns `{lags_us, errors}`
  [[nodiscard]] runtime::json
  play(std::uint16_t node, const std::string& token);

  /// Where the provider answers.
  [[nodiscard]] std::uint16_t port() const noexcept {
    return port_;
  }

private:
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
  int commands_ = -1;
  int answers_ = -1;
};

/// Prints how long after a provider sent a chunk its watcher has the event.
/// @returns the figures
runtime::json stream_lag(const stream_lag_options& options, stream_peer& peer);

} // namespace perdure::bench

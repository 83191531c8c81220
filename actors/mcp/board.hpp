#pragma once

#include "runtime/mcp/steps.hpp"
#include "runtime/time.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::actors {

/// What a connection is doing.
enum class mcp_state : std::uint8_t {
  /// Nobody needs it.
  idle,
  /// Ended, and will be started again in a moment.
  waiting,
  /// Started; the handshake is under way.
  opening,
  ready,
  /// Ended too often; left alone for a while.
  quarantined,
};

std::string_view to_string(mcp_state state) noexcept;

/// How a connection is doing.
struct mcp_status {
  std::string server_id;
  /// Of the run that it belongs to; empty when it is shared.
  std::string run_id;
  /// `stdio`, `http`, `sse`.
  std::string transport;
  mcp_state state = mcp_state::idle;
  /// When `quarantined` and `waiting` end.
  std::optional<runtime::timestamp> until;
  runtime::mcp::era era = runtime::mcp::era::unknown;
  std::string version;
  /// As `ready` had them; null before.
  runtime::json server_info;
  runtime::json capabilities;
  std::string instructions;
  /// Names, as they were listed last.
  std::vector<std::string> tools;
  std::size_t calls_in_flight = 0;
  std::uint64_t calls_total = 0;
  /// Times that it ended by itself.
  std::size_t restarts = 0;
  std::string last_error;
  std::optional<runtime::timestamp> last_error_at;
  /// Of the last call that was answered.
  std::optional<std::chrono::microseconds> latency;
};

/// What servers said besides their answers.
struct mcp_log_line {
  runtime::timestamp time{};
  std::string text;
};

/// What all connections of a node show of themselves. Thread-safe.
class mcp_board {
public:
  using key = std::uint64_t;

  /// Lines that are kept of each connection.
  static constexpr std::size_t lines_max = 200;

  /// A new connection.
  key add();

  /// Calls `change(status)`.
  template <class Change>
  void change(key connection, Change&& change) {
    const std::lock_guard guard{mutex_};
    if (const auto found = entries_.find(connection); found != entries_.end())
      change(found->second.status);
  }

  void log(key connection, mcp_log_line line);
  void remove(key connection);

  struct entry {
    mcp_status status;
    std::deque<mcp_log_line> log;
  };

  /// All connections, by age.
  [[nodiscard]] std::vector<entry> all() const;

private:
  mutable std::mutex mutex_;
  std::map<key, entry> entries_;
  key next_ = 1;
};

} // namespace perdure::actors

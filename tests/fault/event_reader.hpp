#pragma once

#include "fault/rig.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace perdure::tests {

/// A connection on which everything is up to the test.
class raw_connection {
public:
  /// Connects and sends `text`. Throws std::runtime_error when it cannot.
  /// @param receive_buffer bytes; 0 for the system's own
  raw_connection(std::uint16_t port, const std::string& text,
                 int receive_buffer = 0);
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  ~raw_connection();

  [[nodiscard]] int descriptor() const {
    return socket_;
  }

  /// Reads what is there, waiting up to `limit` for the first byte of it.
  void read(std::chrono::milliseconds limit);

  /// Reads until the peer closes. @returns whether it did in time
  bool read_to_end();

  /// Ends the connection.
  void close();

  /// Head and body so far.
  std::string received;
  bool ended = false;

private:
  int socket_ = -1;
};

/// The text of a request; closes after the answer.
std::string request_text(const std::string& method, const std::string& target,
                         const std::string& token,
                         const std::vector<std::string>& headers = {},
                         const std::string& body = {});

struct run_event {
  std::uint64_t id = 0;
  std::string kind;
  /// As it came, without the last empty line.
  std::string text;
  runtime::json data;
};

/// Whole events of a stream's text.
std::vector<run_event> events_in(const std::string& text);

/// Watches a run, as HTTP/1.0, where a stream is what it is without framing.
class event_reader {
public:
  event_reader(const rig& rig, const std::string& run_id,
               std::uint64_t after = 0, bool follow = true);

  /// Reads on until the condition holds. @returns whether it came true
  bool
  read_until(const std::function<bool(const std::vector<run_event>&)>& enough);

  /// @returns whether the stream ended in time
  bool read_to_end() {
    return connection_.read_to_end();
  }

  [[nodiscard]] std::vector<run_event> events() const;

  [[nodiscard]] raw_connection& connection() {
    return connection_;
  }

private:
  raw_connection connection_;
};

} // namespace perdure::tests

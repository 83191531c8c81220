#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace perdure::tests {

/// How a connection ends once everything is sent: orderly, with a reset, or not
/// at all until the server has other things to do.
enum class connection_end { close, reset, hold };

/// What a server does with one connection.
struct reaction {
  /// Bytes as they are, each piece sent by itself.
  std::vector<std::string> pieces;
  connection_end end = connection_end::close;
  /// Whether the request is read, which comes first.
  bool reads = true;
};

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The head of an answer; the server always closes after it.
std::string head_of(unsigned status, const header_list& headers);

/// An answer with a Content-Length.
reaction whole(unsigned status, const std::string& type, std::string body,
               header_list headers = {});

/// An answer in chunks of at most `chunk_size` bytes; a client gets them one by
/// one, however they travel.
reaction in_chunks(const std::string& type, std::string_view body,
                   std::size_t chunk_size, header_list headers = {});

/// An answer that ends with its connection.
reaction until_close(const std::string& type, std::string body);

/// `what`, with nothing behind the first `size` bytes but `end`.
reaction cut(const reaction& what, std::size_t size, connection_end end);

/// A server on 127.0.0.1 that does with each connection what it is told, right
/// or wrong; it knows HTTP just well enough to read a request.
///
/// Threads: one for each connection; every member may be called from any.
class hostile_server {
public:
  /// Throws std::runtime_error when it cannot listen.
  hostile_server();
  hostile_server(const hostile_server&) = delete;
  hostile_server& operator=(const hostile_server&) = delete;
  ~hostile_server();

  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }

  /// Without a slash at its end.
  [[nodiscard]] std::string url() const;

  /// Lets go of what is held and forgets what it was asked; the n-th connection
  /// from now on gets the n-th of `reactions`, those behind the last get 400.
  void play(std::vector<reaction> reactions);

  /// The requests that were read since the last `play`, heads and bodies.
  [[nodiscard]] std::vector<std::string> requests() const;

  /// Connections since the last `play`.
  [[nodiscard]] std::size_t connections() const;

  /// Waits until `count` connections were made. @returns whether they were
  bool wait_for_connections(std::size_t count);

private:
  void accept_all();
  void serve(int peer, const reaction& what, std::uint64_t play_number);
  void hold(std::uint64_t play_number);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<reaction> reactions_;
  std::vector<std::string> requests_;
  std::size_t connections_ = 0;
  std::uint64_t play_number_ = 0;
  bool stops_ = false;
  std::vector<std::thread> servers_;
  std::thread acceptor_;
};

} // namespace perdure::tests

#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace perdure::tests {

/// A blocking TCP connection that sends and shows bytes as they are.
class raw_client {
public:
  explicit raw_client(std::uint16_t port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                   sizeof(receive_buffer));
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    const timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_
      = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address))
        == 0;
  }

  raw_client(raw_client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_),
      rest_(std::move(other.rest_)) {
    // nop
  }

  ~raw_client() {
    close();
  }

  void close() {
    if (fd_ >= 0)
      ::close(std::exchange(fd_, -1));
  }

  /// Closes so that the peer sees a reset.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }

  void end_sending() {
    ::shutdown(fd_, SHUT_WR);
  }

  [[nodiscard]] bool connected() const {
    return connected_;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  /// One answer with a Content-Length, or its head only.
  std::string read_answer(bool head_only = false) {
    if (!fill([&] { return rest_.find("\r\n\r\n") != std::string::npos; }))
      return take(rest_.size());
    const auto head_size = rest_.find("\r\n\r\n") + 4;
    std::size_t body_size = 0;
    const std::string_view name = "Content-Length: ";
    const auto found = rest_.find(name);
    if (!head_only && found < head_size)
      body_size = std::stoul(rest_.substr(found + name.size()));
    fill([&] { return rest_.size() >= head_size + body_size; });
    return take(std::min(rest_.size(), head_size + body_size));
  }

  /// Everything up to and with `end`.
  std::string read_until(std::string_view end) {
    fill([&] { return rest_.find(end) != std::string::npos; });
    const auto found = rest_.find(end);
    return take(found == std::string::npos ? rest_.size() : found + end.size());
  }

  /// Everything until the peer closes; nothing when it does not in time.
  std::optional<std::string> read_all() {
    fill([] { return false; });
    if (!ended_)
      return std::nullopt;
    return take(rest_.size());
  }

private:
  template <class Predicate>
  bool fill(Predicate is_enough) {
    char buffer[65'536];
    while (!is_enough()) {
      const auto size = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (size <= 0) {
        ended_ = size == 0 || errno == ECONNRESET;
        return false;
      }
      rest_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }

  std::string take(std::size_t size) {
    auto result = rest_.substr(0, size);
    rest_.erase(0, size);
    return result;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string rest_;
};

} // namespace perdure::tests

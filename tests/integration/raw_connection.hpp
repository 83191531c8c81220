#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace perdure::tests {

/// A blocking TCP connection to this machine that sends bytes as they are.
class raw_connection {
public:
  explicit raw_connection(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address))
               == 0;
  }

  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;

  ~raw_connection() {
    ::close(socket_);
  }

  [[nodiscard]] bool is_open() const {
    return is_open_;
  }

  /// The peer may close before it has read everything; then this stops.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size
        = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0)
        return;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  void end_sending() {
    ::shutdown(socket_, SHUT_WR);
  }

  /// Everything until the peer closes; nothing when it does not in time.
  std::optional<std::string> read_to_end() {
    std::string out;
    char buffer[4'096];
    for (;;) {
      const auto size = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (size > 0)
        out.append(buffer, static_cast<std::size_t>(size));
      else if (size == 0 || errno == ECONNRESET)
        return out;
      else
        return std::nullopt;
    }
  }

private:
  int socket_ = -1;
  bool is_open_ = false;
};

} // namespace perdure::tests

#include "tools/bench/load_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace perdure::bench {

namespace {

using steady = std::chrono::steady_clock;

struct connection {
  int socket = -1;
  std::string received;
  steady::time_point sent_at;
};

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                sizeof address)
      != 0) {
    ::close(socket);
    return -1;
  }
  return socket;
}

std::string request_text(const load& work) {
  return "POST " + work.target
         + " HTTP/1.1\r\nHost: localhost\r\n"
           "Authorization: Bearer "
         + work.token + "\r\nContent-Type: application/json\r\nContent-Length: "
         + std::to_string(work.body.size()) + "\r\n\r\n" + work.body;
}

/// Size of the whole answer at the front of `text`; 0 while it is not complete.
std::size_t answer_size(const std::string& text) {
  const auto head = text.find("\r\n\r\n");
  if (head == std::string::npos)
    return 0;
  const auto at = text.find("Content-Length: ");
  if (at == std::string::npos || at > head)
    return 0;
  const auto size
    = head + 4 + std::strtoull(text.c_str() + at + 16, nullptr, 10);
  return text.size() >= size ? size : 0;
}

class loop {
public:
  explicit loop(const load& work)
    : work_(work), request_(request_text(work)), epoll_(::epoll_create1(0)) {}

  ~loop() {
    for (auto& peer : peers_)
      if (peer.socket >= 0)
        ::close(peer.socket);
    ::close(epoll_);
  }

  load_result run() {
    peers_.resize(work_.connections);
    for (std::size_t i = 0; i < peers_.size(); ++i)
      open(i);
    started_at_ = steady::now();
    std::vector<epoll_event> events(1'024);
    while (answers_ < work_.warm_up + work_.requests && open_ > 0) {
      const int count = ::epoll_wait(epoll_, events.data(),
                                     static_cast<int>(events.size()), 60'000);
      if (count <= 0) {
        fail("no answer for a minute");
        break;
      }
      for (int i = 0; i < count; ++i)
        receive(events[static_cast<std::size_t>(i)].data.u64);
    }
    result_.elapsed = steady::now() - started_at_;
    std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
    return std::move(result_);
  }

private:
  void open(std::size_t index) {
    auto& peer = peers_[index];
    peer.socket = connect_to(work_.port);
    if (peer.socket < 0)
      return fail(std::string{"connect: "} + std::strerror(errno));
    ++open_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.socket, &event);
    send(peer);
  }

  void send(connection& peer) {
    peer.sent_at = steady::now();
    if (::send(peer.socket, request_.data(), request_.size(), MSG_NOSIGNAL)
        != static_cast<ssize_t>(request_.size()))
      close(peer, "send failed");
  }

  void receive(std::size_t index) {
    auto& peer = peers_[index];
    char buffer[16'384];
    const auto size = ::recv(peer.socket, buffer, sizeof buffer, 0);
    if (size <= 0)
      return close(peer, "the node closed the connection");
    peer.received.append(buffer, static_cast<std::size_t>(size));
    const auto whole = answer_size(peer.received);
    if (whole == 0)
      return;
    count(peer);
    peer.received.erase(0, whole);
    send(peer);
  }

  void count(const connection& peer) {
    const auto now = steady::now();
    if (peer.received.compare(0, 10, "HTTP/1.1 2") != 0)
      fail(peer.received);
    if (++answers_ == work_.warm_up)
      started_at_ = now;
    if (answers_ > work_.warm_up)
      result_.latencies_us.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now
                                                              - peer.sent_at)
          .count()));
  }

  void close(connection& peer, std::string why) {
    ::close(peer.socket);
    peer.socket = -1;
    --open_;
    fail(std::move(why));
  }

  void fail(std::string why) {
    ++result_.errors;
    if (result_.first_error.empty())
      result_.first_error = std::move(why);
  }

  const load& work_;
  std::string request_;
  int epoll_;
  std::vector<connection> peers_;
  std::size_t open_ = 0;
  std::size_t answers_ = 0;
  steady::time_point started_at_;
  load_result result_;
};

} // namespace

load_result run_load(const load& work) {
  return loop{work}.run();
}

std::uint32_t
percentile(const std::vector<std::uint32_t>& sorted, double share) {
  if (sorted.empty())
    return 0;
  const auto at = static_cast<std::size_t>(
    share * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[at];
}

} // namespace perdure::bench

#include "support/hostile_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "support/waiting.hpp"

namespace perdure::tests {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view length_name = "content-length: ";

/// Bytes of the body that belong to a request with this head.
std::size_t body_size(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const auto found = head.find(length_name);
  if (found == std::string::npos)
    return 0;
  return std::strtoul(head.c_str() + found + length_name.size(), nullptr, 10);
}

/// One request; what there is of it when the peer goes away.
std::string read_request(int peer) {
  std::string seen;
  std::size_t size = std::string::npos;
  char buffer[65'536];
  while (seen.size() < size) {
    const auto got = ::recv(peer, buffer, sizeof(buffer), 0);
    if (got <= 0)
      break;
    seen.append(buffer, static_cast<std::size_t>(got));
    const auto end = seen.find(head_end);
    if (size == std::string::npos && end != std::string::npos)
      size = end + head_end.size() + body_size(seen.substr(0, end));
  }
  return seen;
}

bool send_all(int peer, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::string hex(std::size_t number) {
  std::string out;
  for (; number > 0; number /= 16)
    out.insert(out.begin(), "0123456789abcdef"[number % 16]);
  return out;
}

} // namespace

std::string head_of(unsigned status, const header_list& headers) {
  auto out = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n";
  for (const auto& [name, value] : headers)
    out += name + ": " + value + "\r\n";
  return out + "Connection: close\r\n\r\n";
}

reaction whole(unsigned status, const std::string& type, std::string body,
               header_list headers) {
  headers.emplace_back("Content-Type", type);
  headers.emplace_back("Content-Length", std::to_string(body.size()));
  return {{head_of(status, headers), std::move(body)}};
}

reaction in_chunks(const std::string& type, std::string_view body,
                   std::size_t chunk_size, header_list headers) {
  headers.emplace_back("Content-Type", type);
  headers.emplace_back("Transfer-Encoding", "chunked");
  std::string chunks;
  while (!body.empty()) {
    const auto chunk = body.substr(0, chunk_size);
    chunks.append(hex(chunk.size())).append("\r\n").append(chunk);
    chunks.append("\r\n");
    body.remove_prefix(chunk.size());
  }
  return {{head_of(200, headers), chunks + "0\r\n\r\n"}};
}

reaction until_close(const std::string& type, std::string body) {
  return {{head_of(200, {{"Content-Type", type}}), std::move(body)}};
}

reaction cut(const reaction& what, std::size_t size, connection_end end) {
  std::string bytes;
  for (const auto& piece : what.pieces)
    bytes += piece;
  bytes.resize(std::min(size, bytes.size()));
  return {{std::move(bytes)}, end, what.reads};
}

hostile_server::hostile_server() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 64) != 0
      || ::getsockname(listener_, any, &size) != 0)
    throw std::runtime_error(std::string{"cannot listen: "}
                             + std::strerror(errno));
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread{[this] { accept_all(); }};
}

hostile_server::~hostile_server() {
  {
    const std::lock_guard guard{mutex_};
    stops_ = true;
    changed_.notify_all();
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& server : servers_)
    server.join();
  ::close(listener_);
}

std::string hostile_server::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void hostile_server::play(std::vector<reaction> reactions) {
  const std::lock_guard guard{mutex_};
  reactions_ = std::move(reactions);
  requests_.clear();
  connections_ = 0;
  ++play_number_;
  changed_.notify_all();
}

std::vector<std::string> hostile_server::requests() const {
  const std::lock_guard guard{mutex_};
  return requests_;
}

std::size_t hostile_server::connections() const {
  const std::lock_guard guard{mutex_};
  return connections_;
}

bool hostile_server::wait_for_connections(std::size_t count) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, patience,
                           [&] { return connections_ >= count; });
}

void hostile_server::accept_all() {
  for (;;) {
    const int peer = ::accept(listener_, nullptr, nullptr);
    if (peer < 0)
      return;
    const int yes = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    // A peer that neither sends nor reads must not hold up the end of a test.
    const timeval limit{patience.count(), 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    const std::lock_guard guard{mutex_};
    auto what = connections_ < reactions_.size()
                  ? reactions_[connections_]
                  : whole(400, "text/plain", "nothing is left to be said");
    ++connections_;
    servers_.emplace_back(
      [this, peer, what = std::move(what), number = play_number_] {
        serve(peer, what, number);
      });
    changed_.notify_all();
  }
}

void hostile_server::serve(int peer, const reaction& what,
                           std::uint64_t play_number) {
  if (what.reads) {
    auto request = read_request(peer);
    const std::lock_guard guard{mutex_};
    if (play_number == play_number_)
      requests_.push_back(std::move(request));
  }
  for (const auto& piece : what.pieces)
    if (!send_all(peer, piece))
      break;
  if (what.end == connection_end::hold)
    hold(play_number);
  if (what.end == connection_end::reset) {
    const linger now{1, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  ::close(peer);
}

void hostile_server::hold(std::uint64_t play_number) {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [&] { return stops_ || play_number != play_number_; });
}

} // namespace perdure::tests

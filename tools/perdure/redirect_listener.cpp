#include "tools/perdure/redirect_listener.hpp"

#include "tools/perdure/interrupts.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace perdure::client {

namespace {

using runtime::errc;
using runtime::failure;
using runtime::result;

constexpr std::string_view origin_start = "http://127.0.0.1:";
constexpr std::size_t request_size_max = 65'536;
/// A browser that says nothing does not keep others away.
constexpr int silence_max_ms = 5'000;

constexpr std::string_view page
  = "<!doctype html><title>Perdure</title><p>Perdure has got the answer. You "
    "can close this page; the terminal says more.";

struct place {
  std::uint16_t port = 0;
  std::string path;
};

std::optional<place> read_place(std::string_view uri) {
  if (!uri.starts_with(origin_start))
    return std::nullopt;
  uri.remove_prefix(origin_start.size());
  place out;
  const auto [end, error]
    = std::from_chars(uri.data(), uri.data() + uri.size(), out.port);
  if (error != std::errc{} || out.port == 0)
    return std::nullopt;
  out.path = uri.substr(static_cast<std::size_t>(end - uri.data()));
  if (!out.path.starts_with('/'))
    return std::nullopt;
  return out;
}

/// The head of a request; empty when it does not come.
std::string read_head(int peer) {
  std::string out;
  while (out.find("\r\n\r\n") == std::string::npos
         && out.size() < request_size_max) {
    pollfd source{peer, POLLIN, 0};
    if (::poll(&source, 1, silence_max_ms) <= 0)
      return {};
    std::array<char, 4'096> piece{};
    const auto size = ::read(peer, piece.data(), piece.size());
    if (size <= 0)
      return {};
    out.append(piece.data(), static_cast<std::size_t>(size));
  }
  return out;
}

/// What a GET asks for; empty for any other request.
std::string target_of(std::string_view head) {
  constexpr std::string_view verb = "GET ";
  if (!head.starts_with(verb))
    return {};
  head.remove_prefix(verb.size());
  return std::string{head.substr(0, head.find_first_of(" \r\n"))};
}

void answer(int peer, std::string_view status, std::string_view body) {
  const auto text = "HTTP/1.1 " + std::string{status}
                    + "\r\nContent-Type: text/html; charset=utf-8"
                      "\r\nConnection: close\r\nContent-Length: "
                    + std::to_string(body.size()) + "\r\n\r\n"
                    + std::string{body};
  // Whoever is gone does not need the page.
  [[maybe_unused]] const auto sent
    = ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
  ::shutdown(peer, SHUT_WR);
}

} // namespace

redirect_listener::redirect_listener(int socket, std::string origin,
                                     std::string path)
  : socket_(socket), origin_(std::move(origin)), path_(std::move(path)) {
  // nop
}

redirect_listener::redirect_listener(redirect_listener&& other) noexcept
  : socket_(std::exchange(other.socket_, -1)),
    origin_(std::move(other.origin_)), path_(std::move(other.path_)) {
  // nop
}

redirect_listener::~redirect_listener() {
  if (socket_ >= 0)
    ::close(socket_);
}

result<redirect_listener> redirect_listener::open(const std::string& uri) {
  const auto where = read_place(uri);
  if (!where)
    return failure{errc::invalid_argument,
                   "the login leads to " + uri
                     + ", which is not this machine\nUse --paste."};
  redirect_listener out{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                        std::string{origin_start} + std::to_string(where->port),
                        where->path};
  const int on = 1;
  ::setsockopt(out.socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(where->port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr int backlog = 8;
  if (::bind(out.socket_, reinterpret_cast<const sockaddr*>(&address),
             sizeof address)
        != 0
      || ::listen(out.socket_, backlog) != 0)
    return failure{errc::unavailable,
                   "cannot wait for the browser on port "
                     + std::to_string(where->port) + ": " + std::strerror(errno)
                     + "\nEnd what uses the port, or use --paste."};
  return out;
}

result<std::string> redirect_listener::wait(std::chrono::seconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return failure{errc::unavailable, "nobody has logged in in time"};
    std::array<pollfd, 2> sources{
      {{socket_, POLLIN, 0}, {interrupts::descriptor(), POLLIN, 0}}};
    if (::poll(sources.data(), sources.size(), static_cast<int>(left.count()))
        <= 0)
      continue;
    if (sources[1].revents != 0)
      return failure{errc::cancelled, "interrupted"};
    const int peer = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0)
      continue;
    const auto target = target_of(read_head(peer));
    const auto is_meant = target.substr(0, target.find('?')) == path_;
    answer(peer, is_meant ? "200 OK" : "404 Not Found", is_meant ? page : "");
    ::close(peer);
    if (is_meant)
      return origin_ + target;
  }
}

} // namespace perdure::client

#define CAF_SUITE client.redirect_listener

#include "tools/perdure/redirect_listener.hpp"

#include <caf/test/unit_test.hpp>

#include <arpa/inet.h>
#include <array>
#include <future>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

using namespace perdure;
using namespace perdure::client;
using namespace std::chrono_literals;

namespace {

/// A port that was free a moment ago.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  CAF_REQUIRE_EQUAL(::bind(socket, raw, size), 0);
  CAF_REQUIRE_EQUAL(::getsockname(socket, raw, &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// Sends the text and reads the answer to its end.
std::string browse(std::uint16_t port, const std::string& text) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CAF_REQUIRE_EQUAL(
    ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address),
    0);
  CAF_REQUIRE(::send(socket, text.data(), text.size(), MSG_NOSIGNAL) > 0);
  ::shutdown(socket, SHUT_WR);
  std::string out;
  std::array<char, 1'024> piece{};
  for (ssize_t size = 0;
       (size = ::read(socket, piece.data(), piece.size())) > 0;)
    out.append(piece.data(), static_cast<std::size_t>(size));
  ::close(socket);
  return out;
}

std::string get(std::uint16_t port, const std::string& target) {
  return browse(port, "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

struct stage {
  std::uint16_t port = free_port();
  std::string origin = "http://127.0.0.1:" + std::to_string(port);

  redirect_listener open() const {
    auto out = redirect_listener::open(origin + "/callback");
    if (!out)
      CAF_FAIL("refused: " << out.error().message);
    return std::move(*out);
  }
};

} // namespace

CAF_TEST(the browser that comes back says where to) {
  stage with;
  auto listener = with.open();
  auto came = std::async(std::launch::async,
                         [&listener] { return listener.wait(60s); });
  CAF_CHECK(get(with.port, "/favicon.ico").starts_with("HTTP/1.1 404 "));
  CAF_CHECK(browse(with.port, "POST /callback HTTP/1.1\r\n\r\n")
              .starts_with("HTTP/1.1 404 "));
  CAF_CHECK(browse(with.port, "nonsense").starts_with("HTTP/1.1 404 "));
  const auto page = get(with.port, "/callback?code=c&state=s");
  CAF_CHECK(page.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(page.find("close this page") != std::string::npos);
  const auto url = came.get();
  CAF_REQUIRE(url);
  CAF_CHECK_EQUAL(*url, with.origin + "/callback?code=c&state=s");
}

CAF_TEST(a port that is taken is said) {
  stage with;
  const auto first = with.open();
  const auto second = redirect_listener::open(with.origin + "/callback");
  CAF_REQUIRE(!second);
  CAF_CHECK(second.error().code == runtime::errc::unavailable);
  CAF_CHECK(second.error().message.find("--paste") != std::string::npos);
}

CAF_TEST(only this machine is listened on) {
  for (const auto* uri :
       {"https://127.0.0.1:7438/callback", "http://example.org/callback",
        "http://127.0.0.1/callback", "http://127.0.0.1:0/callback",
        "http://127.0.0.1:7438", "http://127.0.0.1:99999/x", ""}) {
    const auto listener = redirect_listener::open(uri);
    CAF_REQUIRE(!listener);
    CAF_CHECK(listener.error().code == runtime::errc::invalid_argument);
  }
}

CAF_TEST(nobody waits for ever) {
  stage with;
  const auto url = with.open().wait(0s);
  CAF_REQUIRE(!url);
  CAF_CHECK(url.error().code == runtime::errc::unavailable);
}

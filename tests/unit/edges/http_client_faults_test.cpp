#define CAF_SUITE edges.http_client_faults

#include "actors/edges/http_client.hpp"
#include "actors/edges/process_runner.hpp"
#include "unit/edges/collector.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <arpa/inet.h>
#include <atomic>
#include <functional>
#include <future>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;
using perdure::runtime::errc;

namespace {

/// Accepts connections one after another and lets `talk` misbehave on each.
class raw_server {
public:
  explicit raw_server(std::function<void(int)> talk) : talk_(std::move(talk)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread{[this] {
      for (;;) {
        const int peer = ::accept(fd_, nullptr, nullptr);
        if (peer < 0)
          return;
        ++connections;
        talk_(peer);
        ::close(peer);
      }
    }};
  }

  ~raw_server() {
    stop = true;
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }

  static void read_request(int peer) {
    std::string seen;
    char buffer[4'096];
    while (seen.find("\r\n\r\n") == std::string::npos) {
      const auto size = ::recv(peer, buffer, sizeof(buffer), 0);
      if (size <= 0)
        return;
      seen.append(buffer, static_cast<std::size_t>(size));
    }
  }

  static void send_all(int peer, std::string_view bytes) {
    ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void hold() const {
    while (!stop)
      std::this_thread::sleep_for(5ms);
  }

  std::uint16_t port = 0;
  std::atomic<int> connections{0};
  std::atomic<bool> stop{false};

private:
  std::function<void(int)> talk_;
  int fd_ = -1;
  std::thread thread_;
};

std::function<void(int)> reply(std::string bytes) {
  return [bytes = std::move(bytes)](int peer) {
    raw_server::read_request(peer);
    raw_server::send_all(peer, bytes);
  };
}

std::shared_ptr<collector> fetch(http_request request) {
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  client->start(std::move(request), answer);
  if (!answer->wait())
    CAF_FAIL("the exchange does not end");
  return answer;
}

bool contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("unexpected message: " << text);
  return false;
}

std::string gzip(std::string text) {
  process_request request;
  request.argv = {"gzip", "-c"};
  request.input = std::move(text);
  request.output_max_bytes = 100'000'000;
  std::promise<std::string> output;
  auto runner = make_process_runner();
  runner->start(std::move(request), [&](process_result result) {
    output.set_value(std::move(result.output));
  });
  return output.get_future().get();
}

} // namespace

CAF_TEST(a refused connection names the host and what to check) {
  std::uint16_t port = 0;
  {
    raw_server server{[](int) {}};
    port = server.port;
  }
  const auto answer = fetch(make_request(port, "/secret?key=abc"));
  CAF_CHECK(answer->failure.code == errc::model_network_error);
  CAF_CHECK(contains(answer->failure.message,
                     "http://127.0.0.1:" + std::to_string(port)));
  CAF_CHECK(contains(answer->failure.message, "Check that the server runs"));
  CAF_CHECK(answer->failure.message.find("abc") == std::string::npos);
}

CAF_TEST(requests that cannot be sent are refused) {
  const auto refused = [](http_request request, std::string_view part) {
    const auto answer = fetch(std::move(request));
    CAF_CHECK(answer->failure.code == errc::model_network_error);
    CAF_CHECK(contains(answer->failure.message, part));
  };
  http_request request;
  for (const auto* url : {"", "no url", "ftp://127.0.0.1/", "/path",
                          "file:///etc/passwd", "http://", "http://a b/"}) {
    request.url = url;
    refused(request, "begins with http:// or https://");
  }
  request = make_request(1, "/");
  request.method = "GET / HTTP/1.1\r\nX: y";
  refused(request, "method");
  request = make_request(1, "/");
  request.headers = {{"Authorization", "Bearer a\r\nX: b"}};
  refused(request, "Authorization");
  request.headers = {{"A: b\r\nC", "d"}};
  refused(request, "header");
}

CAF_TEST(a name that does not exist is a network error) {
  http_request request;
  request.url = "http://no-such-host.invalid/";
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::model_network_error
            || answer->failure.code == errc::model_timeout);
  CAF_CHECK(contains(answer->failure.message, "no-such-host.invalid"));
}

CAF_TEST(an answer that is too large ends) {
  raw_server server{reply("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
                          + std::string(5'000, 'x'))};
  auto request = make_request(server.port, "/");
  request.response_max_bytes = 5'000;
  CAF_CHECK(fetch(request)->failure.code == errc::none);
  request.response_max_bytes = 4'999;
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::payload_too_large);
  CAF_CHECK(contains(answer->failure.message, "4999 bytes"));
  CAF_CHECK(answer->body.size() <= 4'999);
}

CAF_TEST(the limit counts what a compressed answer becomes) {
  const auto packed = gzip(std::string(5'000'000, 'x'));
  CAF_REQUIRE(packed.size() < 50'000);
  raw_server server{
    reply("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
          + std::to_string(packed.size()) + "\r\n\r\n" + packed)};
  auto request = make_request(server.port, "/");
  request.response_max_bytes = 100'000;
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::payload_too_large);
  CAF_CHECK(answer->body.size() <= 100'000);
}

CAF_TEST(a compressed answer is unpacked and flows with back pressure) {
  std::string text;
  for (std::uint64_t i = 0; text.size() < 8'000'000; ++i)
    text += std::to_string(i * 7919) + ' ';
  const auto packed = gzip(text);
  raw_server server{[&](int peer) {
    raw_server::read_request(peer);
    raw_server::send_all(
      peer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
              + std::to_string(packed.size()) + "\r\n\r\n");
    raw_server::send_all(peer, packed);
  }};
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  const auto id = client->start(make_request(server.port, "/"), answer);
  std::size_t consumed = 0;
  while (answer->ends() == 0) {
    const auto now = answer->body_size();
    client->consumed(id, now - std::exchange(consumed, now));
    std::this_thread::sleep_for(1ms);
  }
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK(answer->body == text);
}

CAF_TEST(broken answers are network errors) {
  const std::vector<std::string> cases{
    "",
    "garbage without any sense\r\n\r\n",
    "\x16\x03\x01\x02",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
    "hello",
    "HTTP/1.1 200 OK\r\n" + std::string(400'000, 'a'),
    "HTTP/1.1 200 OK\r\nA: " + std::string(90'000, 'a')
      + "\r\nB: " + std::string(90'000, 'b')
      + "\r\nC: " + std::string(90'000, 'c') + "\r\n\r\n",
  };
  for (const auto& bytes : cases) {
    raw_server server{reply(bytes)};
    const auto answer = fetch(make_request(server.port, "/", "x"));
    if (answer->failure.code != errc::model_network_error)
      CAF_ERROR("taken for good: " << bytes.substr(0, 80));
    CAF_CHECK(answer->failure.code == errc::model_network_error);
    CAF_CHECK(contains(answer->failure.message, "http://127.0.0.1:"));
  }
}

CAF_TEST(interim answers are skipped and folded headers joined) {
  raw_server server{reply("HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n"
                          "HTTP/1.1 200 OK\r\nX-One:  a \r\nX-One: b\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n"
                          "2\r\nok\r\n0\r\nX-Trailer: late\r\n\r\n")};
  const auto answer = fetch(make_request(server.port, "/"));
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK_EQUAL(answer->head.status, 200u);
  CAF_CHECK_EQUAL(answer->head.header("x-one"), "a");
  CAF_CHECK_EQUAL(answer->head.header("x-early"), "");
  CAF_CHECK_EQUAL(answer->head.header("x-trailer"), "");
  CAF_CHECK_EQUAL(answer->body, "ok");
}

CAF_TEST(https to a server without TLS is a network error) {
  raw_server server{
    [](int peer) { raw_server::send_all(peer, "HTTP/1.1 200 OK\r\n\r\n"); }};
  auto request = make_request(server.port, "/");
  request.url.replace(0, 4, "https");
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::model_network_error);
  CAF_CHECK(contains(answer->failure.message, "certificate"));
}

CAF_TEST(silence in the middle of an answer is a timeout) {
  raw_server server{[&server](int peer) {
    raw_server::read_request(peer);
    raw_server::send_all(peer, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
                               "some");
    server.hold();
  }};
  auto request = make_request(server.port, "/");
  request.idle_timeout = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = fetch(request);
  const auto took = std::chrono::steady_clock::now() - begin;
  CAF_CHECK(answer->failure.code == errc::model_timeout);
  CAF_CHECK(contains(answer->failure.message, "silent for 300 ms"));
  CAF_CHECK_EQUAL(answer->body, "some");
  CAF_CHECK(took >= 300ms);
  CAF_CHECK(took < 10s);
}

CAF_TEST(bytes now and then keep an answer alive) {
  raw_server server{[](int peer) {
    raw_server::read_request(peer);
    // The time to the first byte is not silence between two.
    std::this_thread::sleep_for(600ms);
    raw_server::send_all(peer, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    for (int i = 0; i < 8; ++i) {
      std::this_thread::sleep_for(100ms);
      raw_server::send_all(peer, "x");
    }
  }};
  auto request = make_request(server.port, "/");
  request.idle_timeout = 400ms;
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK_EQUAL(answer->body, "xxxxxxxx");
}

CAF_TEST(the whole exchange has a timeout) {
  raw_server server{[&server](int peer) {
    raw_server::read_request(peer);
    server.hold();
  }};
  auto request = make_request(server.port, "/", "x");
  request.timeout = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = fetch(request);
  CAF_CHECK(answer->failure.code == errc::model_timeout);
  CAF_CHECK(contains(answer->failure.message, "within 300 ms"));
  CAF_CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

CAF_TEST(a kept connection that died is replaced and the body sent again) {
  std::atomic<int> bodies{0};
  raw_server server{[&](int peer) {
    // One answer per connection although keep-alive was promised.
    std::string seen;
    char buffer[65'536];
    while (seen.size() < 200'000) {
      const auto size = ::recv(peer, buffer, sizeof(buffer), 0);
      if (size <= 0)
        return;
      seen.append(buffer, static_cast<std::size_t>(size));
    }
    if (seen.ends_with(std::string(200'000, 'b')))
      ++bodies;
    raw_server::send_all(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                               "ok");
  }};
  auto client = make_curl_http_client();
  for (int i = 0; i < 20; ++i) {
    auto request = make_request(server.port, "/", std::string(150'000, 'b'));
    request.body.push_back(std::make_shared<const std::string>(50'000, 'b'));
    auto answer = std::make_shared<collector>();
    client->start(std::move(request), answer);
    CAF_REQUIRE(answer->wait());
    CAF_CHECK(answer->failure.code == errc::none
              || answer->failure.code == errc::model_network_error);
    CAF_CHECK(i > 0 || answer->failure.code == errc::none);
    if (i % 2 == 0)
      std::this_thread::sleep_for(20ms);
  }
  CAF_CHECK(bodies >= 10);
}

CAF_TEST(a receiver that throws ends its own exchange only) {
  struct thrower final : http_receiver {
    explicit thrower(int where) : stage(where) {
      // nop
    }
    void on_head(http_head) override {
      if (stage == 0)
        throw std::runtime_error("head mistake");
    }
    void on_body(std::string) override {
      if (stage == 1)
        throw 42;
    }
    void on_end(http_failure reason) override {
      failure = reason;
      done = true;
      if (stage == 2)
        throw std::runtime_error("end mistake");
    }
    int stage;
    http_failure failure;
    std::atomic<bool> done{false};
  };
  raw_server server{reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                          "Connection: close\r\n\r\nok")};
  auto client = make_curl_http_client();
  for (int stage = 0; stage < 3; ++stage) {
    auto receiver = std::make_shared<thrower>(stage);
    client->start(make_request(server.port, "/"), receiver);
    CAF_REQUIRE(eventually([&] { return receiver->done.load(); }));
    CAF_CHECK(receiver->failure.code
              == (stage < 2 ? errc::internal : errc::none));
    if (stage == 0)
      CAF_CHECK(contains(receiver->failure.message, "head mistake"));
  }
  auto answer = std::make_shared<collector>();
  client->start(make_request(server.port, "/"), answer);
  CAF_CHECK(answer->wait());
  CAF_CHECK_EQUAL(answer->body, "ok");
}

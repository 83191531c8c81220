#define CAF_SUITE edges.http_client

#include "actors/edges/http_client.hpp"
#include "actors/edges/http_server.hpp"
#include "unit/edges/collector.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <random>
#include <thread>

using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;
using perdure::runtime::errc;

namespace {

using exchange_ptr = std::shared_ptr<server_exchange>;

std::unique_ptr<http_server> serve(request_handler handler) {
  http_server_options options;
  options.port = 0;
  auto server = start_http_server(options, std::move(handler));
  if (!server)
    CAF_FAIL(server.error().message);
  return std::move(*server);
}

void echo(const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  std::string text = request.method + ' ' + request.path + '\n';
  exchange->respond(200, "text/plain", text + request.body,
                    {{"X-Case", "Mixed"}});
}

} // namespace

CAF_TEST(a request and its answer arrive whole) {
  auto server = serve(echo);
  auto client = make_curl_http_client();
  auto request = make_request(server->port(), "/path?q=1");
  request.body = {std::make_shared<const std::string>("one "), nullptr,
                  std::make_shared<const std::string>(),
                  std::make_shared<const std::string>("two "),
                  std::make_shared<const std::string>(300'000, 'x')};
  request.method = "POST";
  auto answer = std::make_shared<collector>();
  client->start(request, answer);
  CAF_REQUIRE(answer->wait());
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK_EQUAL(answer->failure.message, "");
  CAF_CHECK_EQUAL(answer->head.status, 200u);
  CAF_CHECK_EQUAL(answer->head.header("x-case"), "Mixed");
  CAF_CHECK_EQUAL(answer->head.header("absent"), "");
  CAF_CHECK_EQUAL(answer->body,
                  "POST /path\none two " + std::string(300'000, 'x'));
}

CAF_TEST(methods and headers are sent as they are) {
  std::mutex mutex;
  std::vector<server_request> seen;
  auto server = serve([&](const exchange_ptr& exchange) {
    const std::lock_guard guard{mutex};
    seen.push_back(exchange->request());
    exchange->respond(200, "text/plain", "ok");
  });
  auto client = make_curl_http_client();
  const std::vector<std::string> methods{"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};
  for (const auto& method : methods) {
    auto request = make_request(server->port(), "/");
    request.method = method;
    request.headers = {{"X-Key", "a:b"},
                       {"X-Empty", ""},
                       {"Content-Length", "99"},
                       {"Transfer-Encoding", "chunked"}};
    auto answer = std::make_shared<collector>();
    client->start(request, answer);
    CAF_REQUIRE(answer->wait());
    CAF_CHECK(answer->failure.code == errc::none);
    CAF_CHECK_EQUAL(answer->body, method == "HEAD" ? "" : "ok");
    const auto& got = seen.back();
    CAF_CHECK_EQUAL(got.method, method == "HEAD" ? "GET" : method);
    CAF_CHECK_EQUAL(got.header("x-key"), "a:b");
    CAF_CHECK_EQUAL(got.header("expect"), "");
    CAF_CHECK_EQUAL(got.header("content-type"), "");
    CAF_CHECK_EQUAL(got.header("transfer-encoding"), "");
    CAF_CHECK_EQUAL(got.header("user-agent"), "perdure/0.1");
    CAF_CHECK(got.header("content-length") != "99");
  }
}

CAF_TEST(a redirect is an answer and not followed) {
  std::atomic<int> requests{0};
  auto server = serve([&](const exchange_ptr& exchange) {
    ++requests;
    exchange->respond(302, "text/plain", "there", {{"Location", "/other"}});
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  client->start(make_request(server->port(), "/", "body"), answer);
  CAF_REQUIRE(answer->wait());
  CAF_CHECK_EQUAL(answer->head.status, 302u);
  CAF_CHECK_EQUAL(answer->head.header("location"), "/other");
  CAF_CHECK_EQUAL(requests.load(), 1);
}

CAF_TEST(two thousand requests run at once) {
  std::mutex mutex;
  std::vector<exchange_ptr> waiting;
  auto server = serve([&](exchange_ptr exchange) {
    const std::lock_guard guard{mutex};
    waiting.push_back(std::move(exchange));
  });
  auto client = make_curl_http_client();
  std::vector<std::shared_ptr<collector>> answers;
  for (int i = 0; i < 2'000; ++i) {
    answers.push_back(std::make_shared<collector>());
    client->start(make_request(server->port(), "/" + std::to_string(i), "b"),
                  answers.back());
  }
  // None is answered before all are there.
  CAF_REQUIRE(eventually([&] {
    const std::lock_guard guard{mutex};
    return waiting.size() == 2'000;
  }));
  for (const auto& exchange : waiting)
    echo(exchange);
  waiting.clear();
  int good = 0;
  for (int i = 0; i < 2'000; ++i) {
    auto& answer = *answers[static_cast<std::size_t>(i)];
    if (answer.wait() && answer.failure.code == errc::none
        && answer.body == "POST /" + std::to_string(i) + "\nb")
      ++good;
  }
  CAF_CHECK_EQUAL(good, 2'000);
}

CAF_TEST(connections are used again) {
  // A server with room for two connections sees no third one.
  http_server_options options;
  options.port = 0;
  options.connections_max = 2;
  auto server = start_http_server(options, echo);
  CAF_REQUIRE(static_cast<bool>(server));
  curl_options client_options;
  client_options.connections_per_host_max = 2;
  auto client = make_curl_http_client(client_options);
  std::vector<std::shared_ptr<collector>> answers;
  for (int i = 0; i < 500; ++i) {
    answers.push_back(std::make_shared<collector>());
    client->start(make_request((*server)->port(), "/", "x"), answers.back());
  }
  int good = 0;
  for (auto& answer : answers)
    if (answer->wait() && answer->head.status == 200)
      ++good;
  CAF_CHECK_EQUAL(good, 500);
}

// Goal: the bytes of a stream do not depend on how they were cut.
CAF_TEST(a stream arrives however it is cut) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  std::string expected;
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->begin_stream("text/event-stream");
    for (int i = 0; i < 500; ++i) {
      std::string chunk(random() % (i % 50 == 0 ? 100'000 : 60), ' ');
      for (auto& c : chunk)
        c = static_cast<char>(random() % 256);
      expected += chunk;
      exchange->write(std::move(chunk));
    }
    exchange->end_stream();
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  const auto id = client->start(make_request(server->port(), "/"), answer);
  std::size_t consumed = 0;
  while (answer->ends() == 0) {
    const auto size = answer->body_size();
    client->consumed(id, size - std::exchange(consumed, size));
    std::this_thread::sleep_for(1ms);
  }
  CAF_REQUIRE(answer->wait());
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK(answer->body == expected);
}

CAF_TEST(chunks arrive as soon as they are sent) {
  exchange_ptr exchange;
  std::atomic<bool> ready{false};
  auto server = serve([&](exchange_ptr incoming) {
    incoming->begin_stream("text/event-stream");
    exchange = std::move(incoming);
    ready = true;
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  client->start(make_request(server->port(), "/"), answer);
  CAF_REQUIRE(eventually([&] { return ready.load(); }));
  CAF_CHECK(answer->wait_for_head());
  for (std::size_t i = 1; i <= 20; ++i) {
    exchange->write("x");
    CAF_REQUIRE(answer->wait_for_body(i));
  }
  CAF_CHECK_EQUAL(answer->ends(), 0);
  exchange->end_stream();
  CAF_CHECK(answer->wait());
}

CAF_TEST(a slow consumer stops the reading and loses nothing) {
  constexpr std::size_t size = 40'000'000;
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->respond(200, "application/octet-stream", std::string(size, 'x'));
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  auto request = make_request(server->port(), "/");
  // The reader's slowness must not pass for the server's.
  request.idle_timeout = 200ms;
  const auto id = client->start(request, answer);
  CAF_REQUIRE(answer->wait_for_body(1u << 20));
  std::this_thread::sleep_for(600ms);
  const auto first = answer->body_size();
  CAF_CHECK(first <= (1u << 20) + 100'000);
  std::this_thread::sleep_for(100ms);
  CAF_CHECK_EQUAL(answer->body_size(), first);
  CAF_CHECK_EQUAL(answer->ends(), 0);
  std::size_t consumed = 0;
  std::size_t most = 0;
  while (answer->ends() == 0) {
    const auto now = answer->body_size();
    most = std::max(most, now - consumed);
    client->consumed(id, now - std::exchange(consumed, now));
    std::this_thread::sleep_for(100us);
  }
  CAF_CHECK(most <= (1u << 20) + 100'000);
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK_EQUAL(answer->body.size(), size);
}

CAF_TEST(consuming inside of the callback keeps it flowing) {
  constexpr std::size_t size = 20'000'000;
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->respond(200, "text/plain", std::string(size, 'x'));
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  std::atomic<http_client::id> id{0};
  answer->on_chunk = [&](std::size_t bytes) {
    while (id == 0)
      std::this_thread::yield();
    client->consumed(id, bytes);
  };
  id = client->start(make_request(server->port(), "/"), answer);
  CAF_REQUIRE(answer->wait());
  CAF_CHECK_EQUAL(answer->body.size(), size);
}

CAF_TEST(cancel is seen by the server and ends the callbacks) {
  std::atomic<int> closed{0};
  std::atomic<bool> flowing{true};
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->on_close([&] {
      ++closed;
      flowing = false;
    });
    exchange->begin_stream("text/plain");
    const auto again = std::make_shared<std::function<void()>>();
    *again = [&flowing, exchange, weak = std::weak_ptr{again}] {
      exchange->write("tick");
      if (const auto next = weak.lock(); next && flowing)
        exchange->after(1ms, [next] { (*next)(); });
    };
    (*again)();
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  const auto id = client->start(make_request(server->port(), "/"), answer);
  CAF_REQUIRE(answer->wait_for_body(20));
  client->cancel(id);
  const auto size = answer->body_size();
  CAF_CHECK(eventually([&] { return closed == 1; }));
  client->cancel(id);
  client->consumed(id, 10);
  std::this_thread::sleep_for(20ms);
  CAF_CHECK_EQUAL(answer->body_size(), size);
  CAF_CHECK_EQUAL(answer->ends(), 0);
}

CAF_TEST(cancel from inside of a callback is the last one) {
  auto server = serve([](const exchange_ptr& exchange) {
    exchange->respond(200, "text/plain", std::string(500'000, 'x'));
  });
  auto client = make_curl_http_client();
  auto answer = std::make_shared<collector>();
  std::atomic<http_client::id> id{0};
  std::atomic<int> chunks{0};
  answer->on_chunk = [&](std::size_t) {
    ++chunks;
    while (id == 0)
      std::this_thread::yield();
    client->cancel(id);
  };
  id = client->start(make_request(server->port(), "/"), answer);
  CAF_REQUIRE(answer->wait_for_body(1));
  auto next = std::make_shared<collector>();
  client->start(make_request(server->port(), "/"), next);
  CAF_CHECK(next->wait());
  CAF_CHECK_EQUAL(chunks.load(), 1);
  CAF_CHECK_EQUAL(answer->ends(), 0);
}

// Goal: no callback once `cancel` has returned, whenever it is called.
CAF_TEST(cancel races with every stage of an exchange) {
  struct watcher final : http_receiver {
    void on_head(http_head) override {
      look();
    }
    void on_body(std::string) override {
      look();
    }
    void on_end(http_failure) override {
      look();
    }
    void look() {
      if (cancelled)
        late = true;
    }
    std::atomic<bool> cancelled{false};
    std::atomic<bool> late{false};
  };
  auto server = serve(echo);
  auto client = make_curl_http_client();
  int late = 0;
  for (int i = 0; i < 1'000; ++i) {
    auto receiver = std::make_shared<watcher>();
    const auto id
      = client->start(make_request(server->port(), "/", "x"), receiver);
    std::this_thread::sleep_for(std::chrono::microseconds{i % 300});
    client->cancel(id);
    receiver->cancelled = true;
    std::this_thread::sleep_for(100us);
    late += receiver->late ? 1 : 0;
  }
  CAF_CHECK_EQUAL(late, 0);
}

CAF_TEST(a client may go away in the middle of everything) {
  std::atomic<int> closed{0};
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->on_close([&closed, exchange] { ++closed; });
    exchange->begin_stream("text/plain");
    exchange->write("x");
  });
  auto answer = std::make_shared<collector>();
  {
    auto client = make_curl_http_client();
    for (int i = 0; i < 50; ++i)
      client->start(make_request(server->port(), "/"), answer);
    CAF_REQUIRE(answer->wait_for_body(50));
    client->start(make_request(server->port(), "/"),
                  std::make_shared<collector>());
  }
  CAF_CHECK(eventually([&] { return closed >= 50; }));
  CAF_CHECK_EQUAL(answer->ends(), 0);
}

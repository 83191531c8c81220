#define CAF_SUITE edges.http_server

#include "actors/edges/http_server.hpp"
#include "unit/edges/raw_client.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <mutex>

using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;

namespace {

using exchange_ptr = std::shared_ptr<server_exchange>;

/// Shows the request in the answer.
void echo(const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  auto text = request.method + ' ' + request.path;
  for (const auto& [key, value] : request.query)
    text += '|' + key + '=' + value;
  exchange->respond(200, "text/plain", text + '\n' + request.body);
}

std::unique_ptr<http_server>
serve(request_handler handler, std::size_t threads = 1) {
  http_server_options options;
  options.port = 0;
  options.threads = threads;
  auto server = start_http_server(options, std::move(handler));
  if (!server)
    CAF_FAIL(server.error().message);
  return std::move(*server);
}

std::string get(std::string_view target) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : answer.substr(end + 4);
}

std::string answer_to(http_server& server, const std::string& request) {
  raw_client client{server.port()};
  client.send(request);
  return client.read_answer();
}

/// The exchanges that a test answers by itself.
struct waiting_exchanges {
  void add(exchange_ptr exchange) {
    const std::lock_guard guard{mutex};
    all.push_back(std::move(exchange));
  }

  exchange_ptr wait_for(std::size_t index) {
    exchange_ptr found;
    eventually([&] {
      const std::lock_guard guard{mutex};
      if (all.size() > index)
        found = all[index];
      return found != nullptr;
    });
    if (found == nullptr)
      CAF_FAIL("the request did not arrive");
    return found;
  }

  std::mutex mutex;
  std::vector<exchange_ptr> all;
};

} // namespace

CAF_TEST(a request is decoded and answered) {
  auto server = serve(echo);
  const auto answer = answer_to(
    *server, get("/v1/a%20b%C3%BC?x=1+2&y=%26%3D&flag&=empty&z=a=b"));
  CAF_CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(answer.find("Content-Type: text/plain\r\n") != std::string::npos);
  CAF_CHECK(answer.find("\r\nDate: ") != std::string::npos);
  CAF_CHECK_EQUAL(body_of(answer),
                  "GET /v1/a b\xC3\xBC|x=1 2|y=&=|flag=|=empty|z=a=b\n");
  CAF_CHECK_EQUAL(body_of(answer_to(*server, get("http://host:1/p?q=1"))),
                  "GET /p|q=1\n");
  CAF_CHECK_EQUAL(body_of(answer_to(*server, get("http://host?q=1"))),
                  "GET /|q=1\n");
}

CAF_TEST(headers are found by their lower case name) {
  std::string seen;
  auto server = serve([&](const exchange_ptr& exchange) {
    const auto& request = exchange->request();
    seen = std::string{request.header("x-first")} + ','
           + std::string{request.header("absent")};
    const auto* value = request.query_value("b");
    seen += value != nullptr ? ',' + *value : "";
    seen += request.query_value("c") == nullptr ? ",none" : ",some";
    exchange->respond(204, "", "");
  });
  const auto answer
    = answer_to(*server, "GET /?a=1&b=2&b=3 HTTP/1.1\r\nHOST: x\r\n"
                         "X-First:  one \r\nx-first: two\r\n\r\n");
  CAF_CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
  CAF_CHECK(answer.find("Content-Length") == std::string::npos);
  CAF_CHECK_EQUAL(seen, "one,,2,none");
}

CAF_TEST(a request split at every byte reads the same) {
  auto server = serve(echo);
  const std::string whole
    = "POST /p?q=%41 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;ext=1\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n";
  raw_client client{server->port()};
  for (std::size_t i = 1; i < whole.size(); ++i) {
    client.send(whole.substr(0, i));
    // Lets the server see the first part alone, most of the time.
    std::this_thread::sleep_for(1ms);
    client.send(whole.substr(i));
    CAF_REQUIRE_EQUAL(body_of(client.read_answer()),
                      "POST /p|q=A\nhello world");
  }
  for (const char byte : whole)
    client.send({&byte, 1});
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "POST /p|q=A\nhello world");
}

CAF_TEST(pipelined requests are answered in order) {
  auto server = serve([](const exchange_ptr& exchange) {
    // The first ones take longest.
    const auto delay
      = 20ms - std::stoul(exchange->request().path.substr(1)) * 1ms;
    if (delay > 10ms)
      exchange->after(delay, [exchange] { echo(exchange); });
    else
      echo(exchange);
  });
  raw_client client{server->port()};
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += get("/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 20; ++i)
    CAF_CHECK_EQUAL(body_of(client.read_answer()),
                    "GET /" + std::to_string(i) + "\n");
}

CAF_TEST(many pipelined requests do not overrun a slow reader) {
  const std::string large(100'000, 'x');
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->respond(200, "text/plain", exchange->request().path + large);
  });
  raw_client client{server->port()};
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += get("/" + std::to_string(i));
  client.send(all);
  std::this_thread::sleep_for(200ms);
  for (int i = 0; i < 200; ++i) {
    const auto body = body_of(client.read_answer());
    CAF_REQUIRE_EQUAL(body.size(), large.size() + 1 + std::to_string(i).size());
    CAF_REQUIRE(body.starts_with("/" + std::to_string(i) + "x"));
  }
}

CAF_TEST(HEAD is GET without the body) {
  auto server = serve(echo);
  raw_client client{server->port()};
  client.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
  const auto head = client.read_answer(true);
  CAF_CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(head.find("Content-Length: 7\r\n") != std::string::npos);
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "GET /next\n");
}

CAF_TEST(an old peer gets keep alive only when it asks) {
  auto server = serve([](const exchange_ptr& exchange) {
    if (exchange->request().path == "/stream") {
      exchange->begin_stream("text/plain");
      exchange->write("one");
      exchange->write("two");
      exchange->end_stream();
    } else {
      echo(exchange);
    }
  });
  raw_client client{server->port()};
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CAF_CHECK(client.read_answer().find("Connection: keep-alive\r\n")
            != std::string::npos);
  client.send("GET /b HTTP/1.0\r\n\r\n");
  auto rest = client.read_all();
  CAF_REQUIRE(rest.has_value());
  CAF_CHECK(rest->ends_with("GET /b\n"));
  // It knows no chunks: the end of the connection ends the stream.
  raw_client stream{server->port()};
  stream.send("GET /stream HTTP/1.0\r\n\r\n");
  rest = stream.read_all();
  CAF_REQUIRE(rest.has_value());
  CAF_CHECK(rest->ends_with("\r\n\r\nonetwo"));
  CAF_CHECK(rest->find("chunked") == std::string::npos);
}

CAF_TEST(a body waits for 100 Continue) {
  auto server = serve(echo);
  raw_client client{server->port()};
  client.send("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
              "Expect: 100-continue\r\n\r\n");
  CAF_CHECK_EQUAL(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "POST /e\nbody");
}

CAF_TEST(a stream is sent piece by piece) {
  waiting_exchanges waiting;
  auto server
    = serve([&](exchange_ptr exchange) { waiting.add(std::move(exchange)); });
  raw_client client{server->port()};
  client.send(get("/events"));
  auto exchange = waiting.wait_for(0);
  std::atomic<int> closed{0};
  exchange->on_close([&] { ++closed; });
  exchange->write("before the beginning");
  exchange->begin_stream("text/event-stream");
  const auto head = client.read_until("\r\n\r\n");
  CAF_CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CAF_CHECK(head.find("Content-Type: text/event-stream\r\n")
            != std::string::npos);
  exchange->write("data: 1\n\n");
  CAF_CHECK_EQUAL(client.read_until("\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
  exchange->write("");
  exchange->write(std::string(0x12345, 'y'));
  CAF_CHECK_EQUAL(client.read_until("\r\n"), "12345\r\n");
  CAF_CHECK_EQUAL(client.read_until("\r\n").size(), 0x12345u + 2);
  CAF_CHECK_EQUAL(closed.load(), 0);
  exchange->end_stream();
  CAF_CHECK_EQUAL(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
  CAF_CHECK(eventually([&] { return closed == 1; }));
  // Nothing of this may reach the next answer on the same connection.
  exchange->write("late");
  exchange->end_stream();
  exchange->respond(200, "text/plain", "late");
  client.send(get("/second"));
  waiting.wait_for(1)->respond(200, "text/plain", "clean");
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "clean");
  CAF_CHECK_EQUAL(closed.load(), 1);
}

CAF_TEST(only the first answer counts) {
  waiting_exchanges waiting;
  auto server
    = serve([&](exchange_ptr exchange) { waiting.add(std::move(exchange)); });
  raw_client client{server->port()};
  client.send(get("/one") + get("/two"));
  auto first = waiting.wait_for(0);
  first->respond(201, "text/plain", "first");
  first->respond(500, "text/plain", "again");
  first->begin_stream("text/plain");
  first->write("again");
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "first");
  waiting.wait_for(1)->respond(200, "text/plain", "second");
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "second");
  // Registered too late it is called all the same.
  std::atomic<int> closed{0};
  first->on_close([&] { ++closed; });
  CAF_CHECK(eventually([&] { return closed == 1; }));
}

CAF_TEST(calls of several threads keep their order) {
  waiting_exchanges waiting;
  auto server
    = serve([&](exchange_ptr exchange) { waiting.add(std::move(exchange)); });
  raw_client client{server->port()};
  client.send(get("/s"));
  auto exchange = waiting.wait_for(0);
  exchange->begin_stream("text/plain");
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const auto text = std::to_string(i) + ';';
    expected += text;
    if (i % 2 == 0) {
      exchange->write(text);
      continue;
    }
    // On the server's own thread, while the one before may still be queued.
    std::atomic<bool> done{false};
    exchange->after(0ms, [&] {
      exchange->write(text);
      done = true;
    });
    CAF_REQUIRE(eventually([&] { return done.load(); }));
  }
  exchange->end_stream();
  std::string seen;
  client.read_until("\r\n\r\n");
  for (;;) {
    const auto size = std::stoul(client.read_until("\r\n"), nullptr, 16);
    const auto chunk = client.read_until("\r\n");
    if (size == 0)
      break;
    seen += chunk.substr(0, size);
  }
  CAF_CHECK_EQUAL(seen, expected);
}

CAF_TEST(headers of an answer cannot break it) {
  auto server = serve([](const exchange_ptr& exchange) {
    exchange->respond(200, "text/plain", "ok",
                      {{"X-Good", "yes"},
                       {"X-Bad", "a\r\nX-Smuggled: b"},
                       {"X Bad", "c"},
                       {"content-length", "999"},
                       {"Connection", "close"}});
  });
  const auto answer = answer_to(*server, get("/"));
  CAF_CHECK(answer.find("X-Good: yes\r\n") != std::string::npos);
  CAF_CHECK(answer.find("Smuggled") == std::string::npos);
  CAF_CHECK(answer.find("X Bad") == std::string::npos);
  CAF_CHECK(answer.find("999") == std::string::npos);
  CAF_CHECK(answer.ends_with("Content-Length: 2\r\nX-Good: yes\r\n\r\nok"));
}

CAF_TEST(a lost exchange and a throwing handler are answered) {
  std::atomic<int> closed{0};
  auto server = serve([&](const exchange_ptr& exchange) {
    exchange->on_close([&] { ++closed; });
    if (exchange->request().path == "/throw")
      throw std::runtime_error("a mistake");
    if (exchange->request().path == "/stream")
      exchange->begin_stream("text/plain");
  });
  raw_client client{server->port()};
  for (const auto* path : {"/throw", "/lost"}) {
    client.send(get(path));
    const auto answer = client.read_answer();
    CAF_CHECK(answer.starts_with("HTTP/1.1 500 "));
    CAF_CHECK(body_of(answer).starts_with(
      R"({"error":{"type":"internal","code":"PERDURE-0063","message":")"));
  }
  // Half a stream must not look like a whole one.
  client.send(get("/stream"));
  const auto rest = client.read_all();
  CAF_REQUIRE(rest.has_value());
  CAF_CHECK(rest->find("0\r\n\r\n") == std::string::npos);
  CAF_CHECK(eventually([&] { return closed == 3; }, 5s));
}

CAF_TEST(a delayed call comes in time and never after the end) {
  waiting_exchanges waiting;
  auto server
    = serve([&](exchange_ptr exchange) { waiting.add(std::move(exchange)); });
  raw_client client{server->port()};
  client.send(get("/"));
  auto exchange = waiting.wait_for(0);
  std::atomic<int> early{0};
  std::atomic<int> late{0};
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<std::chrono::steady_clock::duration> took{0ms};
  exchange->after(50ms, [&] {
    took = std::chrono::steady_clock::now() - begin;
    ++early;
    throw std::runtime_error("a mistake");
  });
  exchange->after(200ms, [&] { ++late; });
  CAF_CHECK(eventually([&] { return early == 1; }));
  CAF_CHECK(took.load() >= 50ms);
  exchange->respond(200, "text/plain", "done");
  CAF_CHECK_EQUAL(body_of(client.read_answer()), "done");
  exchange->after(1ms, [&] { ++late; });
  std::this_thread::sleep_for(300ms);
  CAF_CHECK_EQUAL(late.load(), 0);
}

CAF_TEST(a peer that goes away is noticed while it waits) {
  waiting_exchanges waiting;
  std::atomic<int> closed{0};
  auto server = serve([&](exchange_ptr exchange) {
    exchange->on_close([&] { ++closed; });
    if (exchange->request().path == "/stream")
      exchange->begin_stream("text/plain");
    waiting.add(std::move(exchange));
  });
  int expected = 0;
  for (const auto* path : {"/wait", "/stream"})
    for (const bool resets : {false, true}) {
      raw_client client{server->port()};
      client.send(get(path));
      waiting.wait_for(static_cast<std::size_t>(expected));
      CAF_CHECK_EQUAL(closed.load(), expected);
      if (resets)
        client.reset();
      else
        client.close();
      ++expected;
      CAF_CHECK(eventually([&] { return closed == expected; }, 2s));
    }
  for (auto& exchange : waiting.all) {
    exchange->respond(200, "text/plain", "nobody");
    exchange->write("nobody");
    exchange->end_stream();
  }
  CAF_CHECK_EQUAL(closed.load(), expected);
  waiting.all.clear();
}

CAF_TEST(a peer that only stops sending gets its answer) {
  auto server = serve(echo);
  raw_client client{server->port()};
  client.send(get("/half") + get("/closed"));
  client.end_sending();
  const auto all = client.read_all();
  CAF_REQUIRE(all.has_value());
  CAF_CHECK(all->find("GET /half\n") != std::string::npos);
  CAF_CHECK(all->ends_with("GET /closed\n"));
}

CAF_TEST(a thousand connections are served by two threads) {
  auto server = serve(echo, 2);
  std::vector<raw_client> clients;
  for (int i = 0; i < 1'000; ++i)
    clients.emplace_back(server->port());
  int good = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1'000; ++i)
      clients[static_cast<std::size_t>(i)].send(get("/" + std::to_string(i)));
    for (int i = 0; i < 1'000; ++i)
      if (body_of(clients[static_cast<std::size_t>(i)].read_answer())
          == "GET /" + std::to_string(i) + "\n")
        ++good;
  }
  CAF_CHECK_EQUAL(good, 3'000);
}

CAF_TEST(stop ends streams waits for answers and closes the rest) {
  waiting_exchanges waiting;
  auto server = serve(
    [&](exchange_ptr exchange) { waiting.add(std::move(exchange)); }, 2);
  const auto port = server->port();
  raw_client idle{port};
  raw_client stream{port};
  raw_client slow{port};
  stream.send(get("/stream"));
  auto streaming = waiting.wait_for(0);
  std::atomic<int> closed{0};
  streaming->on_close([&] { ++closed; });
  streaming->begin_stream("text/plain");
  streaming->write("some");
  slow.send(get("/slow"));
  auto answering = waiting.wait_for(1);
  std::thread answers{[&] {
    std::this_thread::sleep_for(100ms);
    answering->respond(200, "text/plain", "in time");
  }};
  std::optional<std::string> idle_rest;
  std::optional<std::string> stream_rest;
  std::optional<std::string> slow_rest;
  std::thread readers{[&] {
    idle_rest = idle.read_all();
    stream_rest = stream.read_all();
    stream.close();
    slow_rest = slow.read_all();
    slow.close();
  }};
  const auto begin = std::chrono::steady_clock::now();
  server->stop(20s);
  CAF_CHECK(std::chrono::steady_clock::now() - begin < 10s);
  answers.join();
  readers.join();
  CAF_CHECK(idle_rest == "");
  CAF_CHECK(stream_rest && stream_rest->ends_with("4\r\nsome\r\n0\r\n\r\n"));
  CAF_CHECK(slow_rest && slow_rest->ends_with("in time"));
  CAF_CHECK_EQUAL(closed.load(), 1);
  server->stop(1s);
  raw_client late{port};
  CAF_CHECK(!late.connected());
  // The server is gone, an exchange is not: nothing of this may crash.
  server.reset();
  streaming->write("late");
  answering->respond(200, "text/plain", "late");
  answering->after(1ms, [] {});
  answering->on_close([&] { ++closed; });
  CAF_CHECK_EQUAL(closed.load(), 2);
}

CAF_TEST(stop gives up on answers after the grace time) {
  waiting_exchanges waiting;
  auto server
    = serve([&](exchange_ptr exchange) { waiting.add(std::move(exchange)); });
  raw_client client{server->port()};
  client.send(get("/never"));
  std::atomic<int> closed{0};
  waiting.wait_for(0)->on_close([&] { ++closed; });
  const auto begin = std::chrono::steady_clock::now();
  server->stop(100ms);
  CAF_CHECK(std::chrono::steady_clock::now() - begin < 5s);
  CAF_CHECK_EQUAL(closed.load(), 1);
  CAF_CHECK(client.read_all() == "");
}

CAF_TEST(an address that is taken is named) {
  auto server = serve(echo);
  http_server_options options;
  options.port = server->port();
  auto second = start_http_server(options, echo);
  CAF_REQUIRE(!second);
  CAF_CHECK(second.error().code == perdure::runtime::errc::unavailable);
  CAF_CHECK(second.error().message.find(std::to_string(options.port))
            != std::string::npos);
  options.host = "203.0.113.1";
  CAF_CHECK(!start_http_server(options, echo));
  options.host = "not a host name";
  CAF_CHECK(!start_http_server(options, echo));
}

// Goal: no use after free and no lost close whatever the order of events.
CAF_TEST(answers disconnects and closes race) {
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  waiting_exchanges waiting;
  auto server = serve(
    [&](exchange_ptr exchange) {
      ++opened;
      exchange->on_close([&] { ++closed; });
      waiting.add(std::move(exchange));
    },
    2);
  std::atomic<bool> stop{false};
  std::thread answers{[&] {
    while (!stop) {
      std::vector<exchange_ptr> taken;
      {
        const std::lock_guard guard{waiting.mutex};
        taken.swap(waiting.all);
      }
      for (auto& exchange : taken) {
        exchange->begin_stream("text/plain");
        for (int i = 0; i < 5; ++i)
          exchange->write("chunk");
        exchange->after(1ms, [exchange] { exchange->write("later"); });
        if (exchange->request().path == "/end")
          exchange->end_stream();
      }
    }
  }};
  for (int i = 0; i < 500; ++i) {
    raw_client client{server->port()};
    client.send(get(i % 2 == 0 ? "/end" : "/open"));
    if (i % 3 == 0)
      client.read_until("chunk");
    if (i % 5 == 0)
      client.reset();
  }
  CAF_CHECK(eventually([&] { return opened == closed; }));
  stop = true;
  answers.join();
  CAF_CHECK(opened > 100);
  server->stop(0ms);
  CAF_CHECK_EQUAL(opened.load(), closed.load());
}

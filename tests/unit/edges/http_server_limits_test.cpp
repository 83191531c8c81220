#define CAF_SUITE edges.http_server_limits

#include "actors/edges/http_server.hpp"
#include "unit/edges/raw_client.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <random>

using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;

namespace {

using exchange_ptr = std::shared_ptr<server_exchange>;

std::unique_ptr<http_server>
serve(http_server_options options, request_handler handler) {
  options.port = 0;
  auto server = start_http_server(options, std::move(handler));
  if (!server)
    CAF_FAIL(server.error().message);
  return std::move(*server);
}

void answer_ok(const exchange_ptr& exchange) {
  exchange->respond(200, "text/plain", "ok" + exchange->request().body);
}

/// What the server says to `bytes` before it closes the connection.
std::string refusal(http_server& server, std::string_view bytes) {
  raw_client client{server.port()};
  client.send(bytes);
  auto answer = client.read_all();
  if (!answer)
    CAF_FAIL("the server keeps the connection open");
  return *answer;
}

bool is_refused(const std::string& answer, unsigned status) {
  const auto head = "HTTP/1.1 " + std::to_string(status) + ' ';
  return answer.starts_with(head)
         && answer.find("Connection: close\r\n") != std::string::npos
         && answer.find("\r\n\r\n{\"error\":{\"type\":\"") != std::string::npos
         && answer.ends_with("\"details\":{}}}")
         && answer.find(head, 1) == std::string::npos;
}

} // namespace

CAF_TEST(malformed requests get 400 and the handler does not see them) {
  std::atomic<int> seen{0};
  auto server = serve({}, [&](const exchange_ptr& exchange) {
    ++seen;
    answer_ok(exchange);
  });
  using namespace std::string_literals;
  const std::vector<std::string> cases{
    "rubbish\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/1.1 extra\r\nHost: x\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s,
    "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"s,
    "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /?a=%g1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /?%=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET path HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT host:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    "Content-Length: 2\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "Content-Length: 3\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabcd\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "-3\r\nabc\r\n0\r\n\r\n",
  };
  for (const auto& bytes : cases) {
    const auto answer = refusal(*server, bytes);
    if (!is_refused(answer, 400))
      CAF_ERROR("not refused: " << bytes << " -> " << answer);
    CAF_CHECK(is_refused(answer, 400));
  }
  CAF_CHECK(is_refused(refusal(*server, "GET / HTTP/1.1\r\nHost: x\r\n"
                                        "Expect: miracles\r\n\r\n"),
                       417));
  CAF_CHECK_EQUAL(seen.load(), 0);
}

CAF_TEST(a trailer is no header) {
  std::string seen;
  auto server = serve({}, [&](const exchange_ptr& exchange) {
    seen = exchange->request().header("authorization");
    answer_ok(exchange);
  });
  raw_client client{server->port()};
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
              "\r\n1\r\na\r\n0\r\nAuthorization: Bearer late\r\n\r\n");
  CAF_CHECK(client.read_answer().ends_with("oka"));
  CAF_CHECK_EQUAL(seen, "");
}

CAF_TEST(headers are bounded) {
  auto server = serve({}, answer_ok);
  const std::string large(20'000, 'a');
  CAF_CHECK(is_refused(refusal(*server, "GET /" + large), 431));
  CAF_CHECK(is_refused(
    refusal(*server, "GET / HTTP/1.1\r\nHost: x\r\nA: " + large + "\r\n\r\n"),
    431));
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 2'000; ++i)
    many += "A" + std::to_string(i) + ": value\r\n";
  CAF_CHECK(is_refused(refusal(*server, many + "\r\n"), 431));
  const std::string chunked
    = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  CAF_CHECK(is_refused(refusal(*server, chunked + "1;" + large), 431));
  std::string trailers = chunked + "0\r\n";
  for (int i = 0; i < 2'000; ++i)
    trailers += "A" + std::to_string(i) + ": value\r\n";
  CAF_CHECK(is_refused(refusal(*server, trailers + "\r\n"), 431));
  // What fits is served.
  raw_client client{server->port()};
  client.send("GET /" + std::string(15'000, 'a')
              + " HTTP/1.1\r\nHost: x\r\n\r\n");
  CAF_CHECK(client.read_answer().starts_with("HTTP/1.1 200 "));
}

CAF_TEST(bodies are bounded) {
  http_server_options options;
  options.body_max_bytes = 100'000;
  auto server = serve(options, answer_ok);
  const auto with_length = [](std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
           + std::to_string(size) + "\r\n\r\n";
  };
  // Refused before the body comes, and readable though the peer goes on.
  CAF_CHECK(is_refused(refusal(*server, with_length(100'001)), 413));
  CAF_CHECK(is_refused(
    refusal(*server, with_length(1'000'000) + std::string(1'000'000, 'x')),
    413));
  CAF_CHECK(is_refused(refusal(*server, with_length(~std::size_t{0})), 413));
  // No "100 Continue" for what will not be taken.
  auto expecting = with_length(100'001);
  expecting.insert(expecting.size() - 2, "Expect: 100-continue\r\n");
  CAF_CHECK(is_refused(refusal(*server, expecting), 413));
  const std::string chunked
    = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string chunks;
  for (int i = 0; i < 200; ++i)
    chunks += "200\r\n" + std::string(512, 'x') + "\r\n";
  CAF_CHECK(is_refused(refusal(*server, chunked + chunks + "0\r\n\r\n"), 413));
  CAF_CHECK(is_refused(refusal(*server, chunked + "fffffffffffffff\r\n"), 413));
  raw_client client{server->port()};
  client.send(with_length(100'000) + std::string(100'000, 'x'));
  CAF_CHECK(client.read_answer().ends_with("xxx"));
}

CAF_TEST(a slow reader of a stream is cut off) {
  http_server_options options;
  options.stream_buffer_max_bytes = 1u << 20;
  std::atomic<int> closed{0};
  std::atomic<std::uint64_t> written{0};
  std::shared_ptr<server_exchange> exchange;
  std::atomic<bool> ready{false};
  auto server = serve(options, [&](exchange_ptr incoming) {
    incoming->on_close([&] { ++closed; });
    incoming->begin_stream("text/plain");
    exchange = std::move(incoming);
    ready = true;
  });
  raw_client client{server->port(), 4'096};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CAF_REQUIRE(eventually([&] { return ready.load(); }));
  CAF_CHECK(eventually([&] {
    exchange->write(std::string(65'536, 'x'));
    written += 65'536;
    return closed == 1;
  }));
  // Far less than was tried has been kept.
  CAF_CHECK(written > (1u << 20));
  CAF_CHECK_EQUAL(closed.load(), 1);
}

CAF_TEST(a large answer to a slow reader is no stream and arrives whole) {
  http_server_options options;
  options.stream_buffer_max_bytes = 1'000;
  const std::string large(30'000'000, 'z');
  auto server = serve(options, [&](const exchange_ptr& exchange) {
    exchange->respond(200, "text/plain", large);
  });
  raw_client client{server->port(), 4'096};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(300ms);
  CAF_CHECK(client.read_answer().ends_with("\r\n\r\n" + large));
}

CAF_TEST(slow and silent peers are sent away) {
  http_server_options options;
  options.read_timeout = 1s;
  options.idle_timeout = 1s;
  auto server = serve(options, answer_ok);
  raw_client silent{server->port()};
  raw_client half{server->port()};
  raw_client body{server->port()};
  half.send("GET / HTT");
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  CAF_CHECK(silent.read_all() == "");
  const auto late_head = half.read_all();
  CAF_CHECK(late_head && is_refused(*late_head, 408));
  const auto late_body = body.read_all();
  CAF_CHECK(late_body && is_refused(*late_body, 408));
  // Between two requests the idle timeout counts.
  raw_client client{server->port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CAF_CHECK(client.read_answer().ends_with("ok"));
  CAF_CHECK(client.read_all() == "");
}

CAF_TEST(an answer may take longer than the timeouts of reading) {
  http_server_options options;
  options.read_timeout = 1s;
  options.idle_timeout = 1s;
  auto server = serve(options, [](const exchange_ptr& exchange) {
    exchange->after(2'500ms, [exchange] { answer_ok(exchange); });
  });
  raw_client client{server->port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CAF_CHECK(client.read_answer().ends_with("ok"));
}

CAF_TEST(connections above the limit get 503) {
  http_server_options options;
  options.connections_max = 5;
  auto server = serve(options, answer_ok);
  std::vector<raw_client> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(server->port());
    clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CAF_CHECK(clients.back().read_answer().ends_with("ok"));
  }
  CAF_CHECK(
    is_refused(refusal(*server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 503));
  clients.pop_back();
  // Its place is free again.
  CAF_CHECK(eventually([&] {
    raw_client next{server->port()};
    next.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return next.read_answer().ends_with("ok");
  }));
}

// Goal: no input crashes the server or keeps it from serving others.
CAF_TEST(random bytes and broken requests are survived) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  auto server = serve({}, answer_ok);
  const std::string good
    = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int round = 0; round < 2'000; ++round) {
    auto bytes = good;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      const auto position = random() % bytes.size();
      if (random() % 3 == 0)
        bytes.erase(position, random() % 8);
      else
        bytes[position] = static_cast<char>(random() % 256);
    }
    raw_client client{server->port()};
    const auto cut = random() % bytes.size();
    client.send(bytes.substr(0, cut));
    client.send(bytes.substr(cut));
    if (round % 2 == 0)
      client.reset();
  }
  raw_client client{server->port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CAF_CHECK(client.read_answer().ends_with("ok"));
}

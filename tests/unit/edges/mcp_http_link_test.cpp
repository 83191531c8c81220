#define CAF_SUITE edges.mcp_http_link

#include "actors/edges/mcp_http_link.hpp"
#include "unit/edges/collector.hpp"
#include "unit/edges/link_probe.hpp"

#include <caf/test/unit_test.hpp>

#include "support/hostile_server.hpp"

using namespace perdure::actors;
using namespace perdure::tests;

namespace {

constexpr auto first = exchange_id{1};
constexpr auto second = exchange_id{2};
const std::string json_type = "application/json";
const std::string events_type = "text/event-stream";
const std::string request = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
const std::string answer = R"({"jsonrpc":"2.0","id":1,"result":{"a":"ü"}})";

/// As TypeScript's SDK sends it.
const std::string events = "id: e1\ndata: \n\nevent: message\nid: e2\ndata: "
                           R"({"method":"notifications/progress"})"
                           "\n\nevent: message\nid: e3\ndata: "
                           + answer + "\n\n";

struct stage {
  hostile_server server;
  std::shared_ptr<http_client> http = make_curl_http_client();
  std::unique_ptr<link_probe> link;

  explicit stage(std::vector<reaction> reactions) {
    play(std::move(reactions));
  }

  /// A new link.
  void play(std::vector<reaction> reactions) {
    server.play(std::move(reactions));
    mcp_http_options options;
    options.http = http;
    options.url = server.url() + "/mcp";
    options.headers = {{"X-Key", "secret"}};
    options.message_max_bytes = 1 << 20;
    link = std::make_unique<link_probe>([&](mcp_link_context context) {
      return make_mcp_http_link(context, options);
    });
    CAF_REQUIRE(link->wait_for_open());
  }

  /// Begins the session that the first reaction names.
  void initialize() {
    link->send(R"({"jsonrpc":"2.0","id":0,"method":"initialize"})",
               exchange_id{100}, "initialize");
    CAF_REQUIRE(link->wait_for_messages(1));
  }

  void call(exchange_id exchange = first) {
    link->send(request, exchange, "tools/list",
               {{"MCP-Protocol-Version", "2025-11-25"}});
  }

  void call_modern() {
    link->send(
      request, first, "tools/list",
      {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}});
  }

  std::string asked(std::size_t n) {
    CAF_REQUIRE(eventually([&] { return server.requests().size() > n; }));
    return server.requests()[n];
  }

  heard_loss loss() {
    CAF_REQUIRE(link->wait_for_losses(1));
    return link->look([](auto& probe) { return probe.losses.front(); });
  }
};

reaction session(const std::string& id) {
  return whole(200, json_type, R"({"jsonrpc":"2.0","id":0,"result":{}})",
               {{"Mcp-Session-Id", id}});
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(answers come as JSON and as events cut at every byte) {
  const auto check = [](stage& with, std::size_t count) {
    with.call();
    CAF_REQUIRE(with.link->wait_for_messages(count));
    with.link->look([&](auto& probe) {
      CAF_CHECK_EQUAL(probe.messages.size(), count);
      CAF_CHECK_EQUAL(probe.messages.back().text, answer);
      CAF_CHECK(probe.messages.back().exchange == first);
      CAF_CHECK(probe.losses.empty());
      return 0;
    });
  };
  stage with{{whole(200, json_type + "; charset=utf-8", answer)}};
  check(with, 1);
  with.play({whole(200, events_type, events)});
  check(with, 2);
  with.play({in_chunks(json_type, answer, 1)});
  check(with, 1);
  with.play({in_chunks(events_type, events, 1)});
  check(with, 2);
  for (std::size_t size = 1; size < events.size(); size += 7) {
    with.play({in_chunks(events_type, events, size)});
    check(with, 2);
  }
}

CAF_TEST(requests have the headers of the transport) {
  stage with{{session("s-1"), whole(202, "", ""), whole(405, "", "")}};
  with.initialize();
  with.link->send(R"({"method":"notifications/initialized"})",
                  exchange_id::none, "notifications/initialized",
                  {{"MCP-Protocol-Version", "2025-11-25"}});
  const auto opening = with.asked(0);
  CAF_CHECK(has(opening, "POST /mcp HTTP/1.1"));
  CAF_CHECK(has(opening, "Accept: application/json, text/event-stream"));
  CAF_CHECK(has(opening, "Content-Type: application/json"));
  CAF_CHECK(has(opening, "X-Key: secret"));
  CAF_CHECK(!has(opening, "Mcp-Session-Id"));
  CAF_CHECK(has(with.asked(1), "Mcp-Session-Id: s-1"));
  with.link->listen();
  const auto listening = with.asked(2);
  CAF_CHECK(has(listening, "GET /mcp HTTP/1.1"));
  CAF_CHECK(has(listening, "Accept: text/event-stream"));
  CAF_CHECK(has(listening, "Mcp-Session-Id: s-1"));
  CAF_CHECK(has(listening, "MCP-Protocol-Version: 2025-11-25"));
  CAF_CHECK(!has(listening, "Last-Event-ID"));
}

CAF_TEST(a session that is not known any more is lost) {
  const auto unknown = R"({"error":{"code":-32000,"message":"Bad Request: No )"
                       R"(valid session ID provided"},"id":null})";
  for (const auto& refusal :
       {whole(404, "text/plain", "gone"), whole(400, json_type, unknown),
        whole(404, json_type, R"({"error":{"code":-32001},"id":1})")}) {
    stage with{{session("s-1"), refusal}};
    with.initialize();
    with.call();
    const auto loss = with.loss();
    CAF_CHECK(loss.exchange == first);
    CAF_CHECK(loss.reason.what == link_failure::kind::session_lost);
  }
}

CAF_TEST(a request that is wrong does not lose the session) {
  const auto wrong = R"({"error":{"code":-32602,"message":"no"},"id":1})";
  stage with{{session("s-1"), whole(400, json_type, wrong)}};
  with.initialize();
  with.call();
  const auto loss = with.loss();
  CAF_CHECK(loss.reason.what == link_failure::kind::http_status);
  CAF_CHECK_EQUAL(loss.reason.http_status, 400u);
  CAF_CHECK_EQUAL(loss.reason.body, wrong);
  // Nor is there one to lose before it has begun.
  with.play({whole(404, "text/plain", "where?")});
  with.call();
  CAF_CHECK(with.loss().reason.what == link_failure::kind::http_status);
}

CAF_TEST(a notification tells of a lost session as well) {
  stage with{{session("s-1"), whole(404, "", "")}};
  with.initialize();
  with.link->send(R"({"method":"notifications/initialized"})");
  CAF_REQUIRE(with.link->wait_for_down());
  CAF_CHECK(with.link->look([](auto& probe) {
    return probe.downs.size() == 1
           && probe.downs[0].what == link_failure::kind::session_lost;
  }));
}

CAF_TEST(a stream that broke goes on where it ended) {
  const auto begun = "retry: 20\nid: e1\ndata: \n\nid: e2\ndata: "
                     R"({"method":"notifications/progress"})"
                     "\n\n";
  const auto rest = "id: e3\ndata: " + answer + "\n\n";
  const auto chunks = in_chunks(events_type, begun, 50);
  // The body's end is missing.
  const auto size = chunks.pieces[0].size() + chunks.pieces[1].size() - 5;
  for (const auto& broken : {until_close(events_type, begun),
                             cut(chunks, size, connection_end::reset)}) {
    stage with{{session("s-1"), broken,
                // Once it cannot be reached, once it has nothing to say.
                cut(broken, 0, connection_end::close),
                until_close(events_type, "id: e2b\ndata:\n\n"),
                whole(200, events_type, rest)}};
    with.initialize();
    with.call();
    CAF_REQUIRE(with.link->wait_for_messages(3));
    const auto resumed = with.asked(2);
    CAF_CHECK(has(resumed, "GET /mcp HTTP/1.1"));
    CAF_CHECK(has(resumed, "Last-Event-ID: e2\r\n"));
    CAF_CHECK(has(resumed, "Mcp-Session-Id: s-1"));
    CAF_CHECK(has(with.asked(4), "Last-Event-ID: e2b\r\n"));
    with.link->look([](auto& probe) {
      CAF_CHECK_EQUAL(probe.messages.back().text, answer);
      CAF_CHECK(probe.messages.back().exchange == first);
      CAF_CHECK(probe.losses.empty());
      return 0;
    });
  }
}

CAF_TEST(a stream that cannot go on is lost) {
  const auto event = "id: e1\ndata: \n\n";
  // Without an id, in the modern era, and when the server refuses.
  stage with{{until_close(events_type, ": hello\n\n")}};
  with.call();
  CAF_CHECK(with.loss().reason.what == link_failure::kind::broken);
  with.play({until_close(events_type, event)});
  with.call_modern();
  CAF_CHECK(with.loss().reason.what == link_failure::kind::broken);
  with.play({until_close(events_type, std::string{"retry: 1\n"} + event),
             whole(405, "", "")});
  with.call();
  CAF_CHECK_EQUAL(with.loss().reason.http_status, 405u);
}

CAF_TEST(what the server says by itself is heard) {
  const auto first_part = "retry: 10\nid: n1\ndata: {\"method\":\"a\"}\n\n";
  const auto second_part = "id: n2\ndata: {\"id\":4,\"method\":\"b\"}\n\n";
  auto held = until_close(events_type, second_part);
  held.end = connection_end::hold;
  stage with{{session("s-1"), until_close(events_type, first_part), held}};
  with.initialize();
  with.link->listen();
  CAF_REQUIRE(with.link->wait_for_messages(3));
  CAF_CHECK(has(with.asked(2), "Last-Event-ID: n1\r\n"));
  with.link->look([](auto& probe) {
    CAF_CHECK_EQUAL(probe.messages[1].text, R"({"method":"a"})");
    CAF_CHECK(probe.messages[1].exchange == exchange_id::none);
    CAF_CHECK_EQUAL(probe.messages[2].text, R"({"id":4,"method":"b"})");
    return 0;
  });
}

CAF_TEST(a server need not offer a stream of its own) {
  stage with{{session("s-1"), whole(405, "", ""), whole(200, json_type, answer),
              whole(403, "text/plain", "no"), whole(404, "", "")}};
  with.initialize();
  with.link->listen();
  CAF_REQUIRE(with.server.wait_for_connections(2));
  with.call();
  CAF_REQUIRE(with.link->wait_for_messages(2));
  CAF_CHECK(with.link->look([](auto& probe) { return probe.logs.empty(); }));
  with.link->listen();
  CAF_CHECK(with.link->wait_for_log("no stream of its own"));
  with.link->listen();
  CAF_REQUIRE(with.link->wait_for_down());
}

CAF_TEST(the session is ended at the end) {
  stage with{{session("s-1"), whole(405, "", "")}};
  with.initialize();
  with.link->close();
  const auto farewell = with.asked(1);
  CAF_CHECK(has(farewell, "DELETE /mcp HTTP/1.1"));
  CAF_CHECK(has(farewell, "Mcp-Session-Id: s-1"));
  CAF_CHECK(with.link->look([](auto& probe) { return probe.downs.empty(); }));
}

CAF_TEST(refusals are handed on with what they say) {
  stage with{{whole(401, "text/plain", "who are you?\nreally",
                    {{"WWW-Authenticate", "Bearer realm=\"x\""}}),
              whole(302, "", "", {{"Location", "https://elsewhere/"}}),
              whole(200, "text/html", "<html>"), whole(202, "", "")}};
  for (const auto exchange : {1, 2, 3, 4}) {
    with.call(exchange_id{static_cast<std::uint64_t>(exchange)});
    CAF_REQUIRE(with.link->wait_for_losses(static_cast<std::size_t>(exchange)));
  }
  const auto losses = with.link->look([](auto& probe) { return probe.losses; });
  CAF_CHECK(losses[0].reason.what == link_failure::kind::http_status);
  CAF_CHECK_EQUAL(losses[0].reason.challenge, "Bearer realm=\"x\"");
  CAF_CHECK_EQUAL(losses[0].reason.message,
                  "The server answered with HTTP 401: who are you?");
  CAF_CHECK(has(losses[1].reason.message, "redirection"));
  CAF_CHECK(losses[2].reason.what == link_failure::kind::bad_answer);
  CAF_CHECK(has(losses[2].reason.message, "'text/html'"));
  CAF_CHECK(losses[3].reason.what == link_failure::kind::bad_answer);
  CAF_CHECK_EQUAL(with.server.connections(), 4u);
}

CAF_TEST(an answer over the limit loses its exchange) {
  const std::string large(2 << 20, 'x');
  stage with{{whole(200, json_type, large),
              whole(200, events_type, "data: " + large + "\n\n")}};
  with.call(first);
  with.call(second);
  CAF_REQUIRE(with.link->wait_for_losses(2));
  for (const auto& loss :
       with.link->look([](auto& probe) { return probe.losses; })) {
    CAF_CHECK(loss.reason.what == link_failure::kind::bad_answer);
    CAF_CHECK(has(loss.reason.message, "larger than 1048576 bytes"));
  }
}

CAF_TEST(an answer that breaks off is lost) {
  stage with{{cut(whole(200, json_type, answer), 100, connection_end::reset)}};
  with.call();
  CAF_CHECK(with.loss().reason.what == link_failure::kind::broken);
}

CAF_TEST(an abandoned exchange is over) {
  auto held = until_close(events_type, "data: {\"method\":\"a\"}\n\n");
  held.end = connection_end::hold;
  stage with{{held, whole(200, json_type, answer)}};
  with.call_modern();
  CAF_REQUIRE(with.link->wait_for_messages(1));
  with.link->abandon(first);
  with.call(second);
  CAF_REQUIRE(with.link->wait_for_messages(2));
  CAF_CHECK(with.link->look([](auto& probe) { return probe.losses.empty(); }));
}

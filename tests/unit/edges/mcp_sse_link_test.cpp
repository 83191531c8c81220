#define CAF_SUITE edges.mcp_sse_link

#include "actors/edges/mcp_sse_link.hpp"
#include "unit/edges/collector.hpp"
#include "unit/edges/link_probe.hpp"

#include <caf/test/unit_test.hpp>

#include "support/hostile_server.hpp"

using namespace perdure::actors;
using namespace perdure::tests;

namespace {

const std::string events_type = "text/event-stream";

struct stage {
  hostile_server server;
  std::shared_ptr<http_client> http = make_curl_http_client();
  std::unique_ptr<link_probe> link;

  void play(std::vector<reaction> reactions) {
    server.play(std::move(reactions));
    mcp_http_options options;
    options.http = http;
    options.url = server.url() + "/base/sse?key=1";
    options.headers = {{"X-Key", "secret"}};
    link = std::make_unique<link_probe>([&](mcp_link_context context) {
      return make_mcp_sse_link(context, options);
    });
  }

  std::string asked(std::size_t n) {
    CAF_REQUIRE(eventually([&] { return server.requests().size() > n; }));
    return server.requests()[n];
  }
};

reaction held(std::string events) {
  auto out = until_close(events_type, std::move(events));
  out.end = connection_end::hold;
  return out;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(messages are posted where the server says) {
  stage with;
  with.play({held("event: endpoint\ndata: /message?session=7\n\n"
                  "event: message\ndata: {\"id\":1,\"result\":{}}\n\n"),
             whole(202, "text/plain", "Accepted")});
  CAF_REQUIRE(with.link->wait_for_open());
  const auto stream = with.asked(0);
  CAF_CHECK(has(stream, "GET /base/sse?key=1 HTTP/1.1"));
  CAF_CHECK(has(stream, "Accept: text/event-stream"));
  CAF_CHECK(has(stream, "X-Key: secret"));
  with.link->send("{\"id\":1}", exchange_id{1}, "initialize");
  const auto message = with.asked(1);
  CAF_CHECK(has(message, "POST /message?session=7 HTTP/1.1"));
  CAF_CHECK(has(message, "X-Key: secret"));
  CAF_CHECK(has(message, "{\"id\":1}"));
  CAF_REQUIRE(with.link->wait_for_messages(1));
  with.link->look([](auto& probe) {
    CAF_CHECK_EQUAL(probe.messages[0].text, R"({"id":1,"result":{}})");
    CAF_CHECK(probe.losses.empty());
    return 0;
  });
}

CAF_TEST(credentials stay at their origin) {
  stage with;
  for (const std::string endpoint :
       {"http://127.0.0.2/message", "https://127.0.0.1/", "//elsewhere/x"}) {
    with.play({held("event: endpoint\ndata: " + endpoint + "\n\n")});
    CAF_REQUIRE(with.link->wait_for_down());
    CAF_CHECK(with.link->look([&](auto& probe) {
      return probe.opened == 0 && has(probe.downs[0].message, endpoint);
    }));
  }
}

CAF_TEST(a message that is refused is lost) {
  stage with;
  with.play({held("event: endpoint\ndata: message\n\n"),
             whole(500, "text/plain", "oh"), whole(404, "", "")});
  CAF_REQUIRE(with.link->wait_for_open());
  with.link->send("{}", exchange_id{1});
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(has(with.asked(1), "POST /base/message HTTP/1.1"));
  CAF_CHECK_EQUAL(with.link->look([](auto& probe) {
    return probe.losses[0].reason.http_status;
  }),
                  500u);
  with.link->send("{}");
  CAF_CHECK(with.link->wait_for_log("HTTP 404"));
}

CAF_TEST(the end of the stream is the end of the link) {
  stage with;
  with.play({until_close(events_type, "event: endpoint\ndata: /m\n\n")});
  CAF_REQUIRE(with.link->wait_for_down());
  with.play({cut(until_close(events_type, ""), 0, connection_end::reset)});
  CAF_REQUIRE(with.link->wait_for_down());
  with.play({whole(401, "", "", {{"WWW-Authenticate", "Bearer"}})});
  CAF_REQUIRE(with.link->wait_for_down());
  with.link->look([](auto& probe) {
    CAF_CHECK(probe.downs[0].what == link_failure::kind::http_status);
    CAF_CHECK_EQUAL(probe.downs[0].challenge, "Bearer");
    return 0;
  });
  with.play({whole(200, "application/json", "{}")});
  CAF_REQUIRE(with.link->wait_for_down());
  CAF_CHECK(with.link->look([](auto& probe) {
    return probe.opened == 0
           && probe.downs[0].what == link_failure::kind::bad_answer;
  }));
}

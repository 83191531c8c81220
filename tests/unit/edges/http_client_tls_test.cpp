// A real TLS server with a certificate of its own authority: whom the client
// trusts, and how it uses HTTP/2.

#define CAF_SUITE edges.http_client_tls

#include "actors/edges/http_client.hpp"
#include "unit/edges/collector.hpp"

#include <caf/test/unit_test.hpp>

#include "support/tls_server.hpp"
#include "support/waiting.hpp"

using namespace perdure::actors;
using namespace perdure::tests;
using perdure::runtime::errc;

namespace {

struct fixture {
  fixture() {
    server.serve("/small", "small");
    server.serve("/large", std::string(8u << 20, 'x'));
  }

  std::unique_ptr<http_client>
  client_with(const std::filesystem::path& ca_file) const {
    curl_options options;
    options.ca_file = ca_file.string();
    return make_curl_http_client(options);
  }

  http_request
  get(const std::string& path, const std::string& host = "localhost") const {
    http_request request;
    request.method = "GET";
    request.url = server.url(host) + path;
    return request;
  }

  std::shared_ptr<collector>
  fetch(http_client& client, http_request request) const {
    auto answer = std::make_shared<collector>();
    client.start(std::move(request), answer);
    CAF_REQUIRE(answer->wait());
    return answer;
  }

  void check_refused(const collector& answer, const std::string& part) const {
    CAF_CHECK(answer.failure.code == errc::model_network_error);
    CAF_CHECK(answer.failure.permanent);
    CAF_MESSAGE(answer.failure.message);
    CAF_CHECK(answer.failure.message.find(part) != std::string::npos);
    CAF_CHECK_EQUAL(server.requests(), 0u);
  }

  tls_server server;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_client_tls_tests, fixture)

CAF_TEST(a certificate of a known authority is good) {
  const auto client = client_with(server.ca_file());
  const auto answer = fetch(*client, get("/small"));
  CAF_CHECK(answer->failure.code == errc::none);
  CAF_CHECK_EQUAL(answer->failure.message, "");
  CAF_CHECK_EQUAL(answer->head.status, 200u);
  CAF_CHECK_EQUAL(answer->body, "small");
  CAF_CHECK_EQUAL(server.connections(), 1u); // and they spoke HTTP/2
}

CAF_TEST(a certificate of an unknown authority is refused for good) {
  check_refused(*fetch(*client_with({}), get("/small")), "certificate");
  check_refused(*fetch(*client_with(server.other_ca_file()), get("/small")),
                "certificate");
}

CAF_TEST(a certificate of another host is refused for good) {
  const auto client = client_with(server.ca_file());
  const auto answer = fetch(*client, get("/small", "127.0.0.1"));
  check_refused(*answer, "127.0.0.1");
  CAF_CHECK(answer->failure.message.find("its name") != std::string::npos);
}

CAF_TEST(a file without authorities is named) {
  const auto client = client_with("/dev/null");
  check_refused(*fetch(*client, get("/small")), "tls.ca_file");
}

CAF_TEST(many requests share one connection) {
  constexpr std::size_t count = 60;
  const auto client = client_with(server.ca_file());
  std::vector<std::shared_ptr<collector>> answers;
  for (std::size_t i = 0; i < count; ++i) {
    answers.push_back(std::make_shared<collector>());
    client->start(get("/small"), answers.back());
  }
  for (const auto& answer : answers) {
    CAF_REQUIRE(answer->wait());
    CAF_CHECK_EQUAL(answer->body, "small");
  }
  CAF_CHECK_EQUAL(server.requests(), count);
  CAF_CHECK_EQUAL(server.connections(), 1u);
}

CAF_TEST(a reader that does not consume holds up nobody else) {
  const auto client = client_with(server.ca_file());
  const auto slow = std::make_shared<collector>();
  const auto stalled = client->start(get("/large"), slow);
  CAF_REQUIRE(slow->wait_for_body(1u << 20));
  for (int i = 0; i < 20; ++i)
    CAF_CHECK(fetch(*client, get("/small"))->body == "small");
  CAF_CHECK_EQUAL(slow->ends(), 0);
  CAF_CHECK(slow->body_size() < 4u << 20);
  for (std::size_t consumed = 0; slow->ends() == 0;) {
    const auto size = slow->body_size();
    client->consumed(stalled, size - std::exchange(consumed, size));
    wait_until([&] { return slow->ends() > 0 || slow->body_size() > size; });
  }
  CAF_CHECK(slow->failure.code == errc::none);
  CAF_CHECK_EQUAL(slow->body_size(), 8u << 20);
  CAF_CHECK_EQUAL(server.connections(), 1u);
}

CAF_TEST(a cancel ends its request and not the others) {
  const auto client = client_with(server.ca_file());
  const auto first = std::make_shared<collector>();
  const auto second = std::make_shared<collector>();
  const auto unwanted = client->start(get("/large"), first);
  const auto wanted = client->start(get("/large"), second);
  CAF_REQUIRE(first->wait_for_body(1));
  CAF_REQUIRE(second->wait_for_body(1));
  client->cancel(unwanted);
  client->consumed(wanted, 16u << 20);
  CAF_CHECK(fetch(*client, get("/small"))->body == "small");
  for (std::size_t consumed = 0; second->ends() == 0;) {
    const auto size = second->body_size();
    client->consumed(wanted, size - std::exchange(consumed, size));
    wait_until(
      [&] { return second->ends() > 0 || second->body_size() > size; });
  }
  CAF_CHECK(second->failure.code == errc::none);
  CAF_CHECK_EQUAL(second->body_size(), 8u << 20);
  CAF_CHECK_EQUAL(first->ends(), 0);
  CAF_CHECK_EQUAL(server.connections(), 1u);
}

CAF_TEST(what a cancelled answer held back is in no other answer) {
  server.serve("/other", std::string(8u << 20, 'y'));
  const auto client = client_with(server.ca_file());
  const auto first = std::make_shared<collector>();
  const auto second = std::make_shared<collector>();
  const auto third = std::make_shared<collector>();
  const auto unwanted = client->start(get("/large"), first);
  client->start(get("/large"), second); // holds the connection
  CAF_REQUIRE(first->wait_for_body(1u << 20));
  CAF_REQUIRE(second->wait_for_body(1u << 20));
  for (int i = 0; i < 20; ++i)
    CAF_CHECK(fetch(*client, get("/small"))->body == "small");
  client->cancel(unwanted);
  const auto wanted = client->start(get("/other"), third);
  CAF_REQUIRE(third->wait_for_body(1u << 20));
  for (std::size_t consumed = 0; third->ends() == 0;) {
    const auto size = third->body_size();
    client->consumed(wanted, size - std::exchange(consumed, size));
    wait_until([&] { return third->ends() > 0 || third->body_size() > size; });
  }
  CAF_CHECK(third->failure.code == errc::none);
  CAF_CHECK(third->body == std::string(8u << 20, 'y'));
  CAF_CHECK_EQUAL(server.connections(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

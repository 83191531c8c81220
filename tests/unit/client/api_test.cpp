#define CAF_SUITE client.api

#include "tools/perdure/api.hpp"
#include "tools/perdure/exit_code.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::client;
using namespace std::chrono_literals;
using runtime::errc;
using runtime::json;

namespace {

struct fixture {
  scripted_connection connection;
  test_clock clock;
  api node{connection, test_settings(), clock.parts()};

  auto create() {
    return node.create(json{{"agent", "a"}}, "key-1");
  }

  static std::string run_body() {
    return json{{"id", test_run_id}}.dump();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(api_tests, fixture)

CAF_TEST(a node that is not there is told of at once) {
  const auto run = create();
  CAF_REQUIRE(!run);
  CAF_CHECK(run.error().code == errc::unavailable);
  CAF_CHECK(run.error().message.find("perdured") != std::string::npos);
  CAF_CHECK_EQUAL(exit_code_of(run.error().code), exit_code::unreachable);
  CAF_CHECK_EQUAL(connection.requests.size(), 1u);
  CAF_CHECK(clock.waits.empty());
}

CAF_TEST(a request that was lost is sent again under the same key) {
  connection.fail(link::lost);
  connection.fail(link::refused);
  connection.reply(503);
  connection.reply(507);
  connection.reply(201, run_body());
  const auto run = create();
  CAF_REQUIRE(run);
  CAF_CHECK(!run->existed);
  CAF_REQUIRE_EQUAL(connection.requests.size(), 5u);
  for (const auto& request : connection.requests) {
    CAF_CHECK_EQUAL(request.headers.front().first, "Idempotency-Key");
    CAF_CHECK_EQUAL(request.headers.front().second, "key-1");
    CAF_CHECK_EQUAL(request.body, connection.requests.front().body);
  }
}

CAF_TEST(a run that the key belonged to is told apart) {
  connection.reply(200, run_body());
  const auto run = create();
  CAF_REQUIRE(run);
  CAF_CHECK(run->existed);
}

CAF_TEST(the delay that the node asks for is kept) {
  connection.steps.push_back({{link::ok, {}, 503, {}, 3s}, {}});
  connection.reply(201, run_body());
  CAF_CHECK(create());
  CAF_REQUIRE_EQUAL(clock.waits.size(), 1u);
  CAF_CHECK(clock.waits.front() == 3s);
}

CAF_TEST(after half a minute it gives up) {
  for (int i = 0; i < 100; ++i)
    connection.reply(
      507, R"({"error": {"type": "storage_full", "message": "full"}})");
  const auto start = clock.time;
  const auto run = create();
  CAF_REQUIRE(!run);
  CAF_CHECK(run.error().code == errc::storage_full);
  CAF_CHECK(clock.time - start <= 30s);
  CAF_CHECK(clock.time - start > 20s);
}

CAF_TEST(what the node refuses is not sent again) {
  connection.reply(
    404, R"({"error": {"type": "unknown_agent", "message": "no agent x"}})");
  const auto run = create();
  CAF_REQUIRE(!run);
  CAF_CHECK(run.error().code == errc::unknown_agent);
  CAF_CHECK_EQUAL(run.error().message.find("no agent x"), 0u);
  CAF_CHECK_EQUAL(exit_code_of(run.error().code), exit_code::usage);
  CAF_CHECK_EQUAL(connection.requests.size(), 1u);
}

CAF_TEST(an interrupt ends the waiting) {
  clock.interrupts = true;
  connection.reply(503);
  const auto run = create();
  CAF_REQUIRE(!run);
  CAF_CHECK(run.error().code == errc::cancelled);
}

CAF_TEST(a wrong token names where it came from) {
  connection.reply(
    401, R"({"error": {"type": "unauthorized", "message": "a token"}})");
  const auto answer = node.get("/v1/agents");
  CAF_REQUIRE(!answer);
  CAF_CHECK(answer.error().code == errc::unauthorized);
  CAF_CHECK(answer.error().message.find("  here") != std::string::npos);
}

CAF_TEST(answers of something else than a node are told of) {
  for (const auto* body : {"", "<html>\x1b", "[1]", "{\"error\": 7}",
                           "{\"error\": {\"type\": 1}}"}) {
    connection.reply(418, body);
    const auto answer = node.get("/");
    CAF_REQUIRE(!answer);
    CAF_CHECK(answer.error().code == errc::invalid_argument);
    CAF_CHECK(answer.error().message.find("418") != std::string::npos);
  }
  connection.reply(200, "<html>");
  CAF_CHECK(!node.get("/"));
  for (const auto* body : {"<html>", "[]", "{\"id\": 7}"}) {
    connection.reply(201, body);
    CAF_CHECK(!create());
  }
}

CAF_TEST(pieces of a query are escaped) {
  CAF_CHECK_EQUAL(url_escape("a b&c=\xC3\xA9~"), "a%20b%26c%3D%C3%A9~");
}

CAF_TEST_FIXTURE_SCOPE_END()

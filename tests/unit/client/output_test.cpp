#define CAF_SUITE client.output

#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::client;
using runtime::json;

namespace {

const std::string bytes{"\x89PNG\0\r\n", 7};

json completed(json output) {
  return {
    {"id", test_run_id}, {"state", "completed"}, {"output", std::move(output)}};
}

json image() {
  return {{"kind", "binary"},
          {"media_type", "image/png"},
          {"identifier", "f7ff9e"},
          {"size_bytes", 7}};
}

struct fixture {
  int give(const std::vector<std::string>& words, bool is_terminal = false) {
    auto screen = streams.screen(is_terminal);
    const auto parsed = parse_arguments(words);
    const auto* args = std::get_if<arguments>(&parsed);
    if (args == nullptr)
      CAF_FAIL("refused: " << std::get<early_exit>(parsed).complaint);
    return perform({node, screen, *args});
  }

  captured streams;
  scripted_connection connection;
  test_clock clock;
  api node{connection, test_settings(), clock.parts()};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(output_tests, fixture)

CAF_TEST(an image is written byte by byte) {
  connection.reply(200, completed(image()).dump());
  connection.reply(200, bytes);
  CAF_CHECK_EQUAL(give({"output", test_run_id}), exit_code::completed);
  CAF_CHECK(streams.out == bytes);
  CAF_REQUIRE_EQUAL(connection.requests.size(), 2u);
  CAF_CHECK_EQUAL(connection.requests[1].target,
                  "/v1/runs/" + std::string{test_run_id} + "/output");
}

CAF_TEST(an image is not written to a terminal) {
  connection.reply(200, completed(image()).dump());
  CAF_CHECK_EQUAL(give({"output", test_run_id}, true), exit_code::usage);
  CAF_CHECK_EQUAL(streams.out, "");
  CAF_CHECK(
    streams.err.find("perdure output " + std::string{test_run_id} + " > FILE")
    != std::string::npos);
  CAF_CHECK_EQUAL(connection.requests.size(), 1u);
}

CAF_TEST(text is written as it is) {
  connection.reply(200, completed("Hello").dump());
  connection.reply(200, "Hello");
  CAF_CHECK_EQUAL(give({"output", test_run_id}), exit_code::completed);
  CAF_CHECK_EQUAL(streams.out, "Hello");
}

CAF_TEST(a program gets what the node shows) {
  connection.reply(200, completed(image()).dump());
  CAF_CHECK_EQUAL(give({"output", test_run_id, "--json"}),
                  exit_code::completed);
  const auto shown = json::parse(streams.out);
  CAF_CHECK_EQUAL(shown.at("size_bytes"), 7);
}

CAF_TEST(a run without an output says why) {
  connection.reply(200, completed(nullptr).dump());
  connection.reply(
    409, R"({"error": {"type": "conflict", "message": "it is running"}})");
  CAF_CHECK_NOT_EQUAL(give({"output", test_run_id}), exit_code::completed);
  CAF_CHECK(streams.err.find("it is running") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

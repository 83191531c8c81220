#define CAF_SUITE integration.copy

#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// An answer that never comes to its end.
reaction silent() {
  return cut(
    whole(200, std::string{json_type}, body_of(speech_wire::chat, "Hello.")),
    20, connection_end::hold);
}

reaction says(const std::string& text) {
  return whole(200, std::string{json_type}, body_of(speech_wire::chat, text));
}

struct fixture {
  fixture() {
    prepare(node);
    node.start();
  }

  void prepare(real_node& which) {
    which.write_agent("talker.yaml", "model: openai-chat:gpt-4o\n");
  }

  [[nodiscard]] std::vector<std::string> environment() const {
    return {"OPENAI_BASE_URL=" + server.url() + "/v1", "OPENAI_API_KEY=a-key"};
  }

  finished copy(const std::filesystem::path& to) const {
    return run_program({real_node::binary().string(), "--data-dir",
                        node.data_dir().string(), "--copy-to", to.string()});
  }

  std::string create() {
    const auto answer = node.api().post(
      "/v1/runs", R"({"agent": "talker", "prompt": "Hello?"})");
    CAF_REQUIRE_EQUAL(answer.status, 201);
    return answer.value()["id"].get<std::string>();
  }

  hostile_server server;
  real_node node{environment()};
};

/// Waits for the run's end.
std::string output_of(real_node& at, const std::string& run) {
  return at.api().wait_for_state(run, "completed")["output"].dump();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(copy_tests, fixture)

CAF_TEST(a copy of a node at work is a node that goes on from there) {
  server.play({says("One."), silent(), says("Two.")});
  const auto done = create();
  CAF_REQUIRE_EQUAL(output_of(node, done), R"("One.")");
  const auto open = create();
  CAF_REQUIRE(server.wait_for_connections(2));
  real_node other{environment()};
  const auto made = copy(other.data_dir());
  CAF_REQUIRE_EQUAL(made.exit_code.value_or(-1), 0);
  CAF_CHECK(node.api().is_healthy());
  // What came later is not in the copy.
  const auto later = create();
  CAF_CHECK_EQUAL(output_of(node, later), R"("Two.")");
  node.kill9();
  server.play({says("Three.")});
  prepare(other);
  other.start();
  CAF_CHECK_EQUAL(output_of(other, done), R"("One.")");
  CAF_CHECK_EQUAL(output_of(other, open), R"("Three.")");
  CAF_CHECK_EQUAL(other.api().get("/v1/runs/" + later).status, 404);
}

CAF_TEST(a copy is not made over something or of nothing) {
  const auto to = node.place().path() / "copy";
  CAF_CHECK_EQUAL(copy(to).exit_code.value_or(-1), 0);
  const auto again = copy(to);
  CAF_CHECK_EQUAL(again.exit_code.value_or(-1), 1);
  CAF_CHECK(again.output.find("not empty") != std::string::npos);
  const auto nothing
    = run_program({real_node::binary().string(), "--data-dir",
                   (node.place().path() / "none").string(), "--copy-to",
                   (node.place().path() / "copy2").string()});
  CAF_CHECK_EQUAL(nothing.exit_code.value_or(-1), 1);
  CAF_CHECK(nothing.output.find("no journal") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

#define CAF_SUITE integration.restart

#include "tools/examples/replay/replay_server.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

#include "support/real_node.hpp"
#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::string_view answer_text
  = "The capital of Mexico is Mexico City.";

/// Writes a line when it begins, and ends once there is a file `go`.
constexpr std::string_view slow_tool = R"(#!/bin/sh
cd "$PLACE" || exit 1
echo "$PERDURE_IDEMPOTENCY_KEY" >> "$1.began"
[ "$1" = quick ] || while [ ! -f go ]; do sleep 0.02; done
echo "$PERDURE_IDEMPOTENCY_KEY" >> "$1.ended"
echo "$1 is done"
)";

replay::answer hello() {
  auto recorded = replay::load_recording(
    PERDURE_SOURCE_DIR "/tests/data/wire/durable_simple_agent.json");
  if (!recorded)
    CAF_FAIL(recorded.error().message);
  return recorded->front();
}

replay::answer stalled() {
  auto out = hello();
  out.end = replay::ending::stalled;
  out.bytes_max = 10;
  return out;
}

/// The model calls both tools at once.
replay::answer two_calls() {
  const auto call = [](const char* name) -> json {
    return {{"id", std::string{"call_"} + name},
            {"type", "function"},
            {"function", {{"name", name}, {"arguments", "{}"}}}};
  };
  const json message{{"role", "assistant"},
                     {"tool_calls", {call("quick"), call("slow")}}};
  replay::answer out;
  out.body = runtime::to_text({{"choices",
                                {{{"index", 0},
                                  {"message", message},
                                  {"finish_reason", "tool_calls"}}}}});
  return out;
}

std::size_t lines_in(const std::filesystem::path& file) {
  const auto text = read_text(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct fixture {
  fixture() {
    auto started = replay::replay_server::start({}, {});
    if (!started)
      CAF_FAIL(started.error().message);
    server = std::move(*started);
    node = std::make_unique<real_node>(std::vector<std::string>{
      "OPENAI_BASE_URL=" + server->url() + "/v1", "OPENAI_API_KEY=a-key"});
    const auto& place = node->place();
    const auto tool = place.write("tool", slow_tool, true).string();
    const auto command = [&](const char* name) -> json {
      return {{"Command",
               {{"name", name},
                {"argv", {tool, name}},
                {"env", {{"PLACE", place.path().string()}}}}}};
    };
    const json agent{{"model", "openai-chat:gpt-4o"},
                     {"capabilities", {command("quick"), command("slow")}}};
    node->write_agent("worker.json", runtime::to_text(agent));
    node->start();
  }

  std::string create(const std::vector<std::string>& headers = {}) {
    const auto answer = node->api().post(
      "/v1/runs", R"({"agent": "worker", "prompt": "Mexico?"})", headers);
    CAF_REQUIRE(answer.status == 201 || answer.status == 200);
    return answer.value()["id"].get<std::string>();
  }

  void check_completed(const std::string& run_id) {
    const auto run = node->api().wait_for_state(run_id, "completed");
    CAF_REQUIRE(run.is_object());
    CAF_CHECK_EQUAL(run["state"], "completed");
    CAF_CHECK_EQUAL(run["output"], answer_text);
  }

  [[nodiscard]] std::filesystem::path at(const char* name) const {
    return node->place().path() / name;
  }

  /// Gets a run to where `quick` is durably done and `slow` is under way.
  std::string create_half_done() {
    server->play({two_calls(), hello()}, 1);
    const auto run_id = create();
    CAF_REQUIRE(wait_until([&] {
      const auto tasks
        = node->api().get("/v1/runs/" + run_id + "/tasks").value();
      return tasks["tasks"].size() == 3 && lines_in(at("slow.began")) == 1
             && tasks["tasks"][1]["state"] == "completed";
    }));
    return run_id;
  }

  std::unique_ptr<replay::replay_server> server;
  std::unique_ptr<real_node> node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(restart_tests, fixture)

CAF_TEST(a model request that was under way is made again under its key) {
  server->play({stalled(), hello()}, 1);
  const auto run_id = create();
  CAF_REQUIRE(server->wait_for_requests(1, patience));
  node->kill9();
  node->start();
  check_completed(run_id);
  const auto asked = server->asked();
  CAF_REQUIRE_EQUAL(asked.size(), 2u);
  CAF_CHECK_EQUAL(asked[0].header("idempotency-key"),
                  asked[1].header("idempotency-key"));
  CAF_CHECK_EQUAL(asked[0].body, asked[1].body);
}

CAF_TEST(a call that was done is not made again and one under way is) {
  const auto run_id = create_half_done();
  node->kill9();
  node->place().write("go", "");
  node->start();
  check_completed(run_id);
  CAF_CHECK_EQUAL(lines_in(at("quick.began")), 1u);
  CAF_CHECK_EQUAL(lines_in(at("quick.ended")), 1u);
  CAF_CHECK_EQUAL(lines_in(at("slow.began")), 2u);
  CAF_CHECK_EQUAL(lines_in(at("slow.ended")), 1u);
  const auto key = read_text(at("slow.ended"));
  CAF_CHECK_EQUAL(read_text(at("slow.began")), key + key);
  CAF_CHECK_EQUAL(server->asked().size(), 2u);
}

CAF_TEST(a run goes on over many deaths) {
  const auto run_id = create_half_done();
  for (std::size_t deaths = 1; deaths <= 3; ++deaths) {
    node->kill9();
    node->start();
    CAF_REQUIRE(
      wait_until([&] { return lines_in(at("slow.began")) == deaths + 1; }));
  }
  node->place().write("go", "");
  check_completed(run_id);
  CAF_CHECK_EQUAL(lines_in(at("quick.began")), 1u);
  CAF_CHECK_EQUAL(lines_in(at("slow.ended")), 1u);
  CAF_CHECK_EQUAL(server->asked().size(), 2u);
}

CAF_TEST(a node that is told to stop does so and the run goes on) {
  const auto run_id = create_half_done();
  CAF_CHECK_EQUAL(node->terminate(), 0);
  node->place().write("go", "");
  node->start();
  check_completed(run_id);
  CAF_CHECK_EQUAL(lines_in(at("quick.began")), 1u);
  CAF_CHECK_EQUAL(lines_in(at("slow.ended")), 1u);
}

CAF_TEST(a run that was acknowledged is there after the death of its node) {
  server->play({stalled(), hello()}, 1);
  const std::vector<std::string> key{"Idempotency-Key: order-7"};
  const auto run_id = create(key);
  node->kill9();
  node->start();
  CAF_CHECK_EQUAL(create(key), run_id);
  // Whether the first request got out before the death is open.
  const auto run = node->api().get("/v1/runs/" + run_id).value();
  CAF_REQUIRE(run.is_object());
  CAF_CHECK_EQUAL(run["id"], run_id);
}

CAF_TEST_FIXTURE_SCOPE_END()

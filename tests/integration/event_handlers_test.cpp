#define CAF_SUITE integration.event_handlers

#include "actors/edges/signature.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <future>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"
#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr auto secret = "a secret of the test";

/// One POST that the receiver got.
struct delivery {
  std::string head;
  std::string body;
  json envelope;

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos)
      return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }

  [[nodiscard]] std::uint64_t seq() const {
    return envelope.at("seq").get<std::uint64_t>();
  }
};

delivery read(const std::string& request) {
  const auto end = request.find("\r\n\r\n");
  delivery out;
  out.head = request.substr(0, end);
  out.body = request.substr(end + 4);
  out.envelope = *runtime::parse_json(out.body);
  return out;
}

/// Receives events, and has as many answers as are asked for.
struct fixture {
  fixture()
    : node(std::vector<std::string>{"HOOK_SECRET=" + std::string{secret}}) {
    node.place().write("words.json", R"({"responses": [
      {"text": "Let me look.", "tool_calls": [{"tool": "now", "args": {}}]},
      {"text": "It is late, as far as I can tell from here.",
       "word_delay_ms": 20}]})");
    const json now{
      {"Command", {{"name", "now"}, {"argv", {"echo", "midnight"}}}}};
    const json agent{
      {"model", "script:" + (node.place().path() / "words.json").string()},
      {"capabilities", json::array({now})}};
    node.write_agent("clock.json", runtime::to_text(agent));
    node.start();
  }

  void play(std::size_t count, unsigned status = 204) {
    receiver.play(
      std::vector<reaction>(count, whole(status, "text/plain", "")));
  }

  std::string create(json handler) {
    handler["url"] = receiver.url() + "/events";
    const json request{{"agent", "clock"},
                       {"prompt", "What time is it?"},
                       {"event_handlers", json::array({std::move(handler)})}};
    const auto answer = node.api().post("/v1/runs", runtime::to_text(request));
    if (answer.status != 201)
      CAF_FAIL("refused: " << answer.body);
    return answer.value()["id"].get<std::string>();
  }

  json run_of(const std::string& run_id) {
    return node.api().wait_for_state(run_id, "completed");
  }

  /// What the API says of the run's handler.
  json handler_of(const std::string& run_id) const {
    const auto tasks = node.api().get("/v1/runs/" + run_id + "/tasks").value();
    return tasks.at("event_handlers").at(0);
  }

  bool wait_until_told(const std::string& run_id) {
    return wait_until([&] { return handler_of(run_id)["lag"] == 0; });
  }

  /// Numbers of all stored events of a run that has ended.
  std::vector<std::uint64_t> stored_events(const std::string& run_id) const {
    std::vector<std::uint64_t> out;
    auto text = node.api().get("/v1/runs/" + run_id + "/events").body;
    for (auto at = text.find("id: "); at != std::string::npos;
         at = text.find("id: ", at + 1))
      out.push_back(std::stoull(text.substr(at + 4)));
    return out;
  }

  std::vector<delivery> deliveries() const {
    std::vector<delivery> out;
    for (const auto& request : receiver.requests())
      out.push_back(read(request));
    return out;
  }

  hostile_server receiver;
  real_node node;
};

json signed_handler() {
  return {{"secret", "${HOOK_SECRET}"},
          {"policy", {{"retry_delay_seconds", 0.05}}}};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(event_handlers_tests, fixture)

CAF_TEST(an endpoint gets every event once and in order and can check it) {
  play(100);
  const auto run_id = create(signed_handler());
  CAF_CHECK_EQUAL(run_of(run_id)["state"], "completed");
  CAF_REQUIRE(wait_until_told(run_id));
  std::vector<std::uint64_t> told;
  for (const auto& got : deliveries()) {
    told.push_back(got.seq());
    CAF_CHECK_EQUAL(got.envelope["run_id"], run_id);
    CAF_CHECK_EQUAL(got.envelope["agent"], "clock");
    CAF_CHECK_EQUAL(got.header("Idempotency-Key"),
                    run_id + "/event/run_handler_1/"
                      + std::to_string(got.seq()));
    const auto signature = got.header("Perdure-Signature");
    CAF_REQUIRE(signature.starts_with("t="));
    CAF_CHECK_EQUAL(
      signature,
      actors::sign_body(secret, std::stoll(signature.substr(2)), got.body));
  }
  CAF_CHECK(told == stored_events(run_id));
  const auto handler = handler_of(run_id);
  CAF_CHECK_EQUAL(handler["handled"], told.size());
  CAF_CHECK_EQUAL(handler["failed"], 0);
  CAF_CHECK_EQUAL(handler["handled_up_to"], told.back());
}

CAF_TEST(a silent endpoint holds nothing up and is told after a crash) {
  auto reactions = std::vector<reaction>(3, whole(204, "text/plain", ""));
  reactions.push_back({{}, connection_end::hold});
  receiver.play(reactions);
  const auto run_id = create(signed_handler());
  CAF_CHECK_EQUAL(run_of(run_id)["state"], "completed");
  CAF_REQUIRE(receiver.wait_for_connections(4));
  CAF_REQUIRE(wait_until([&] { return receiver.requests().size() == 4; }));
  const auto before = deliveries();
  CAF_REQUIRE(wait_until([&] { return handler_of(run_id)["handled"] == 3; }));
  CAF_CHECK(handler_of(run_id)["lag"] > 0);
  node.kill9();
  play(100);
  node.start();
  CAF_REQUIRE(wait_until_told(run_id));
  const auto after = deliveries();
  // The one that was under way comes again, under its key; no other does.
  CAF_REQUIRE(!after.empty());
  CAF_CHECK_EQUAL(after[0].body, before[3].body);
  CAF_CHECK_EQUAL(after[0].header("Idempotency-Key"),
                  before[3].header("Idempotency-Key"));
  std::vector<std::uint64_t> told;
  for (std::size_t i = 0; i < 3; ++i)
    told.push_back(before[i].seq());
  for (const auto& got : after)
    told.push_back(got.seq());
  CAF_CHECK(told == stored_events(run_id));
  CAF_CHECK_EQUAL(run_of(run_id)["state"], "completed");
}

CAF_TEST(an endpoint that is gone is given up on event by event) {
  play(100, 410);
  const auto run_id = create(signed_handler());
  CAF_CHECK_EQUAL(run_of(run_id)["state"], "completed");
  CAF_REQUIRE(wait_until_told(run_id));
  const auto handler = handler_of(run_id);
  CAF_CHECK_EQUAL(handler["handled"], 0);
  CAF_CHECK_EQUAL(handler["failed"], deliveries().size());
  CAF_CHECK_EQUAL(handler["attempts"], deliveries().size());
  CAF_CHECK(handler["last_error"].get<std::string>().find("410")
            != std::string::npos);
}

CAF_TEST(an endpoint that fails is told again under the same key) {
  auto reactions = std::vector<reaction>(100, whole(204, "text/plain", ""));
  reactions[0] = reactions[1] = whole(503, "text/plain", "busy");
  receiver.play(reactions);
  const auto run_id = create(signed_handler());
  CAF_REQUIRE(run_of(run_id).is_object());
  CAF_REQUIRE(wait_until_told(run_id));
  const auto got = deliveries();
  CAF_REQUIRE(got.size() > 3u);
  CAF_CHECK_EQUAL(got[0].body, got[1].body);
  CAF_CHECK_EQUAL(got[1].body, got[2].body);
  CAF_CHECK(got[2].body != got[3].body);
  CAF_CHECK_EQUAL(handler_of(run_id)["attempts"], got.size());
}

CAF_TEST(a run that its handler holds fails with it) {
  play(100, 410);
  auto handler = signed_handler();
  handler["holds_run"] = true;
  const auto run_id = create(handler);
  const auto run = node.api().wait_for_state(run_id, "failed");
  CAF_REQUIRE(run.is_object());
  CAF_CHECK_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"]["type"], "event_handler_failed");
  CAF_REQUIRE(wait_until_told(run_id));
}

CAF_TEST(a hundred watchers and a handler see the same stored events) {
  play(100);
  const auto run_id = create(signed_handler());
  std::vector<std::future<std::string>> watchers;
  for (int i = 0; i < 100; ++i)
    watchers.push_back(std::async(std::launch::async, [&] {
      return node.api().get("/v1/runs/" + run_id + "/events").body;
    }));
  for (auto& watcher : watchers) {
    const auto text = watcher.get();
    CAF_CHECK(text.find("agent_run_result") != std::string::npos);
    CAF_CHECK(text.find("\"state\":\"completed\"") != std::string::npos);
  }
  CAF_REQUIRE(wait_until_told(run_id));
  CAF_CHECK_EQUAL(deliveries().size(), stored_events(run_id).size());
}

CAF_TEST_FIXTURE_SCOPE_END()

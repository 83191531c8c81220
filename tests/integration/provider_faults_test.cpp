#define CAF_SUITE integration.provider_faults

#include "integration/provider_speech.hpp"
#include "tools/examples/replay/replay_server.hpp"

#include <caf/test/unit_test.hpp>

#include <iostream>
#include <random>

#include "support/real_node.hpp"
#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using namespace std::chrono_literals;
using replay::answer;
using runtime::json;

namespace {

constexpr std::string_view hello = "The capital of Mexico is Mexico City.";

/// An agent whose model may fail once.
std::string agent_file() {
  const json model{
    {"retries", 1}, {"retry_delay_seconds", 0.01}, {"timeout_seconds", 30}};
  return runtime::to_text(
    {{"model", "openai-chat:gpt-4o"},
     {"capabilities", json::array({{{"Durability", {{"model", model}}}}})}});
}

answer plain_answer(unsigned status, std::string type, std::string body) {
  answer out;
  out.status = status;
  out.content_type = std::move(type);
  out.body = std::move(body);
  return out;
}

answer streamed(std::string body) {
  return plain_answer(200, std::string{event_stream}, std::move(body));
}

/// A small stream that is right.
std::string good_stream() {
  return stream_of(speech_wire::chat,
                   {"The capital of Mexico", " is Mexico City."});
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct fixture {
  fixture() {
    replay::replay_options options;
    options.on_request = [this](std::size_t, const auto&) {
      const std::lock_guard guard{mutex};
      moments.push_back(std::chrono::steady_clock::now());
    };
    auto started = replay::replay_server::start({}, std::move(options));
    if (!started)
      CAF_FAIL(started.error().message);
    server = std::move(*started);
    node = std::make_unique<real_node>(std::vector<std::string>{
      "OPENAI_BASE_URL=" + server->url() + "/v1", "OPENAI_API_KEY=a-key"});
    node->write_agent("calm.json", agent_file());
    node->start();
  }

  json run(std::vector<answer> answers) {
    server->play(std::move(answers), 1);
    auto out = node->api().run({{"agent", "calm"}, {"prompt", "Mexico?"}});
    CAF_REQUIRE(out.is_object());
    CAF_REQUIRE(node->api().is_healthy());
    return out;
  }

  void check_completed(const json& run, std::size_t requests) {
    CAF_CHECK_EQUAL(run["state"], "completed");
    CAF_CHECK_EQUAL(run["output"], hello);
    CAF_CHECK_EQUAL(server->asked().size(), requests);
    const auto tasks
      = node->api()
          .get("/v1/runs/" + run["id"].get<std::string>() + "/tasks")
          .value()["tasks"];
    CAF_REQUIRE_EQUAL(tasks.size(), 1u);
    CAF_CHECK_EQUAL(tasks[0]["attempts"], requests);
  }

  void
  check_failed(const json& run, std::string_view type, std::size_t requests) {
    CAF_CHECK_EQUAL(run["state"], "failed");
    CAF_CHECK_EQUAL(run["error"].value("type", ""), type);
    CAF_CHECK(!run["error"].value("message", "").empty());
    CAF_CHECK_EQUAL(server->asked().size(), requests);
  }

  std::mutex mutex;
  std::vector<std::chrono::steady_clock::time_point> moments;
  std::unique_ptr<replay::replay_server> server;
  std::unique_ptr<real_node> node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(provider_faults_tests, fixture)

CAF_TEST(a provider that asks for time gets it) {
  auto busy = plain_answer(429, "application/json",
                           R"({"error": {"message": "slow down"}})");
  busy.headers = {{"Retry-After", "1"}};
  const auto first = moments.size();
  check_completed(run({busy, streamed(good_stream())}), 2);
  const std::lock_guard guard{mutex};
  CAF_REQUIRE_EQUAL(moments.size(), first + 2);
  CAF_CHECK(moments[first + 1] - moments[first] >= 1s);
}

CAF_TEST(a page of HTML is no model) {
  const auto page = "<!DOCTYPE html><html><body>Welcome</body></html>";
  check_failed(run({plain_answer(200, "text/html", page)}),
               "model_bad_response", 1);
  check_failed(run({plain_answer(404, "text/html", page)}), "model_http_error",
               1);
  check_completed(
    run({plain_answer(502, "text/html", page), streamed(good_stream())}), 2);
}

CAF_TEST(malformed streams are typed errors) {
  const auto half = chat_chunk({{"content", "The capital"}}, nullptr);
  const std::vector<std::string> bodies{
    "",
    "\n\n\n",
    "data: {broken\n\n",
    "data: [1, 2]\n\n",
    "data: \"text\"\n\n",
    ": nothing but comments\n\n",
    half,                // no end
    half + "data: {\n\n" // breaks off
      + "data: [DONE]\n\n",
    "data: {\"choices\": 7}\n\ndata: [DONE]\n\n",
    "data: " + nested(200'000) + "\n\n",
    "data: {\"x\": " + nested(200'000) + "}\n\ndata: [DONE]\n\n",
    std::string("\x00\xff\xfe\x80 data: \x00", 13),
    std::string(3'000'000, 'x'),
  };
  for (const auto& body : bodies) {
    CAF_MESSAGE("a stream of " << body.size()
                               << " bytes: " << body.substr(0, 40));
    const auto failed = run({streamed(body), streamed(body)});
    CAF_CHECK_EQUAL(failed["state"], "failed");
    CAF_CHECK_EQUAL(failed["error"].value("type", ""), "model_bad_response");
  }
}

CAF_TEST(an answer that says nothing is asked for again once) {
  const auto empty = streamed("data: {\"choices\": [7, null, []]}\n\n"
                              "data: [DONE]\n\n");
  check_failed(run({empty, empty}), "output_retries_exceeded", 2);
}

CAF_TEST(deeply nested errors do not bring the node down) {
  const auto deep = "{\"error\": {\"x\": " + nested(200'000) + "}}";
  for (const auto& body :
       {plain_answer(200, "application/json", deep),
        plain_answer(400, "application/json", deep),
        plain_answer(400, "application/json",
                     "{\"error\": {\"x\": " + nested(30'000) + "}}"),
        streamed("data: " + deep + "\n\n"),
        streamed("event: error\ndata: " + deep + "\n\n")}) {
    const auto failed = run({body, body});
    CAF_CHECK_EQUAL(failed["state"], "failed");
    CAF_CHECK(failed["error"].is_object());
  }
}

CAF_TEST(deeply nested calls do not bring the node down) {
  const auto deep = "{\"x\": " + nested(200'000) + "}";
  const auto call = [](const std::string& arguments) {
    return R"({"choices": [{"message": {"role": "assistant", "tool_calls": )"
           R"([{"id": "c", "type": "function", "function": {"name": "f", )"
           R"("arguments": )"
           + arguments + "}}]}, \"finish_reason\": \"tool_calls\"}]}";
  };
  for (const auto& arguments : {deep, json(deep).dump()}) {
    const auto body = plain_answer(200, "application/json", call(arguments));
    const auto failed = run({body, body, body});
    CAF_CHECK_EQUAL(failed["state"], "failed");
    CAF_CHECK(failed["error"].is_object());
  }
}

// Goal: no bytes of a provider bring the node down, or a run to a standstill.
// Method: a good stream with random bytes changed, removed and put in.
CAF_TEST(mutated streams end the run one way or the other) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  for (int round = 0; round < 100; ++round) {
    const auto body = mutated(good_stream(), random);
    const auto ended = run({streamed(body), streamed(body)});
    const auto state = ended["state"].get<std::string>();
    CAF_CHECK(state == "completed" || state == "failed");
    CAF_CHECK_EQUAL(ended["error"].is_null(), state == "completed");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

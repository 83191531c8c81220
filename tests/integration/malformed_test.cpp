#define CAF_SUITE integration.malformed

#include "integration/raw_connection.hpp"

#include <caf/test/unit_test.hpp>

#include <iostream>
#include <random>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr auto unknown_run = "/v1/runs/00000000-0000-7000-8000-000000000000";
constexpr std::size_t body_max_bytes = 65'536;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct bad_call {
  std::string method;
  std::string target;
  std::string body;
  long status;
  std::string type;
};

std::string with(const std::string& fields) {
  return R"({"agent": "echo", "prompt": "hi", )" + fields + "}";
}

std::vector<bad_call> bad_creations() {
  std::vector<bad_call> out;
  const auto add = [&out](const std::string& body,
                          const std::string& type = "invalid_argument") {
    out.push_back({"POST", "/v1/runs", body, 400, type});
  };
  for (const auto* body : {"", " ", "{", "nope", "null", "[]", "7", "\"text\"",
                           "{\"agent\": \"echo\",}", "{} {}", "\xff\xfe\x00"})
    add(body);
  add("{}");
  for (const auto* agent : {"7", "null", "\"\"", "[]", "{\"a\": 1}"})
    add(R"({"prompt": "hi", "agent": )" + std::string{agent} + "}");
  out.push_back({"POST", "/v1/runs", R"({"agent": "nobody", "prompt": "hi"})",
                 404, "unknown_agent"});
  add(R"({"agent": "echo"})");
  add(R"({"agent": "echo", "prompt": null})");
  for (const auto* prompt : {"7", "true", "{}", "{\"kind\": 1}"})
    add(R"({"agent": "echo", "prompt": )" + std::string{prompt} + "}");
  for (const auto* fields :
       {"\"unknown\": 1", "\"tags\": \"a\"", "\"tags\": [1]",
        "\"tags\": [\"\"]", "\"metadata\": []", "\"metadata\": \"x\"",
        "\"usage_limits\": 7", "\"usage_limits\": {\"request_limit\": -1}",
        "\"usage_limits\": {\"request_limit\": \"many\"}",
        "\"usage_limits\": {\"unknown_limit\": 1}",
        "\"schedule_at\": \"tomorrow\"", "\"schedule_at\": 7",
        "\"conversation_id\": 7", "\"conversation_id\": \"\"", "\"model\": 7"})
    add(with(fields));
  add(with("\"model\": \"nobody:gpt\""), "unknown_model");
  add(with("\"model\": \"openai-chat:gpt-4o\""), "missing_api_key");
  add(with("\"tags\": [\"" + std::string(300, 'x') + "\"]"));
  add(with("\"metadata\": {\"x\": " + nested(1'000) + "}"));
  add(with("\"deps\": " + nested(30'000)));
  add(nested(30'000));
  add(std::string(30'000, '['));
  return out;
}

std::vector<bad_call> bad_histories() {
  std::vector<bad_call> out;
  const std::string request
    = R"({"kind": "request", "parts": [{"part_kind": "user-prompt", )"
      R"("content": "hi"}]})";
  for (const auto& history :
       {std::string{"7"}, std::string{"{}"}, std::string{"[7]"},
        std::string{"[null]"}, std::string{"[{}]"},
        std::string{R"([{"kind": "nothing", "parts": []}])"},
        std::string{R"([{"kind": "request", "parts": 7}])"},
        std::string{R"([{"kind": "request", "parts": [7]}])"},
        std::string{R"([{"kind": "request", "parts": [{}]}])"},
        "[" + request
          + R"(, {"kind": "response", "parts": [{"part_kind": )"
            R"("tool-call", "tool_name": 7, "args": 7}]}])",
        std::string{
          R"([{"kind": "request", "parts": [{"part_kind": "user-prompt", )"
          R"("content": "hi", "timestamp": "yesterday"}]}])"}})
    out.push_back({"POST", "/v1/runs", with("\"message_history\": " + history),
                   400, "invalid_message_history"});
  return out;
}

const std::vector<bad_call> bad_reads{
  {"GET", "/v1/runs/not-an-id", "", 404, "run_not_found"},
  {"GET", "/v1/runs/not-an-id/messages", "", 404, "run_not_found"},
  {"GET", "/v1/runs/not-an-id/events", "", 404, "run_not_found"},
  {"POST", "/v1/runs/not-an-id/cancel", "", 404, "run_not_found"},
  {"GET", unknown_run, "", 404, "run_not_found"},
  {"GET", std::string{unknown_run} + "/why", "", 404, "run_not_found"},
  {"GET", std::string{unknown_run} + "/events", "", 404, "run_not_found"},
  {"POST", std::string{unknown_run} + "/cancel", "", 404, "run_not_found"},
  {"GET", "/v1/runs?state=sleeping", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?limit=many", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?limit=-1", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?limit=1001", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?limit=99999999999999999999", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?since=yesterday", "", 400, "invalid_argument"},
  {"GET", "/v1/runs?cursor=nonsense", "", 400, "invalid_argument"},
  {"POST", "/v1/runs?wait=soon", R"({"agent": "echo", "prompt": "hi"})", 400,
   "invalid_argument"},
  {"DELETE", "/v1/runs", "", 405, "invalid_argument"},
  {"PUT", "/v1/runs", "{}", 405, "invalid_argument"},
  {"POST", unknown_run, "{}", 405, "invalid_argument"},
  {"DELETE", unknown_run, "", 405, "invalid_argument"},
  {"GET", std::string{unknown_run} + "/cancel", "", 405, "invalid_argument"},
  {"POST", "/v1/agents", "{}", 405, "invalid_argument"},
  {"GET", "/v1/agents/nobody", "", 404, "unknown_agent"},
  {"GET", "/v1/nothing", "", 404, "run_not_found"},
  {"GET", "/", "", 404, "run_not_found"},
};

struct fixture {
  fixture() {
    node.write_agent("echo.json", R"({"model": "test"})");
    node.write_node_file(
      {{"limits", {{"request_body_max_bytes", body_max_bytes}}}});
    node.start();
    token = read_text(node.data_dir() / "admin.token");
    token.erase(token.find('\n'));
  }

  api_answer call(const bad_call& what) {
    return node.api().call(what.method, what.target, what.body,
                           {"Authorization: Bearer " + token});
  }

  void check(const bad_call& what) {
    const auto answer = call(what);
    if (answer.status != what.status || answer.error_type() != what.type)
      CAF_MESSAGE(what.method << ' ' << what.target << ' '
                              << what.body.substr(0, 200) << " gave "
                              << answer.status << ' '
                              << answer.body.substr(0, 300));
    CAF_CHECK_EQUAL(answer.status, what.status);
    CAF_CHECK_EQUAL(answer.error_type(), what.type);
    const auto error = answer.value()["error"];
    CAF_CHECK(!error.value("message", "").empty());
    CAF_CHECK(error.value("code", "").starts_with("PERDURE-"));
    CAF_REQUIRE(node.api().is_healthy());
  }

  /// A node that refuses everything would pass all else.
  void check_still_works() {
    const auto run = node.api().run({{"agent", "echo"}, {"prompt", "hi"}});
    CAF_REQUIRE(run.is_object());
    CAF_CHECK_EQUAL(run["state"], "completed");
  }

  real_node node;
  std::string token;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(malformed_tests, fixture)

CAF_TEST(malformed bodies are typed errors) {
  for (const auto& what : bad_creations())
    check(what);
  for (const auto& what : bad_histories())
    check(what);
  check_still_works();
}

CAF_TEST(malformed targets and methods are typed errors) {
  for (const auto& what : bad_reads)
    check(what);
  check_still_works();
}

CAF_TEST(targets that are no text are refused) {
  for (const auto* target : {"/v1/runs/%", "/v1/runs/%zz/tasks", "/%00%ff",
                             "/v1/runs?state=%ff", "/v1/runs?tag=%4"}) {
    const auto answer = call({"GET", target, "", 400, ""});
    CAF_CHECK_EQUAL(answer.status, 400);
    CAF_CHECK_EQUAL(answer.error_type(), "invalid_argument");
  }
  check_still_works();
}

CAF_TEST(a malformed cancellation changes nothing) {
  const auto created = node.api().post(
    "/v1/runs", with("\"schedule_at\": \"2999-01-01T00:00:00Z\""));
  CAF_REQUIRE_EQUAL(created.status, 201);
  const auto about = "/v1/runs/" + created.value()["id"].get<std::string>();
  for (const auto* body :
       {"[]", "7", "{", "{\"reason\": 7}", "{\"why\": \"x\"}"})
    check({"POST", about + "/cancel", body, 400, "invalid_argument"});
  const auto run = node.api().get(about).value();
  CAF_CHECK_EQUAL(run["state"], "scheduled");
}

CAF_TEST(a body that is too large is refused) {
  for (const auto size : {body_max_bytes + 1, 20 * body_max_bytes}) {
    const auto answer
      = call({"POST", "/v1/runs", std::string(size, ' '), 413, ""});
    CAF_CHECK_EQUAL(answer.status, 413);
    CAF_CHECK_EQUAL(answer.error_type(), "payload_too_large");
    CAF_REQUIRE(node.api().is_healthy());
  }
  check_still_works();
}

CAF_TEST(nothing but health is there without the token) {
  const std::vector<std::vector<std::string>> headers{
    {},
    {"Authorization:"},
    {"Authorization: Bearer"},
    {"Authorization: Bearer wrong"},
    {"Authorization: Bearer " + token + "x"},
    {"Authorization: Bearer " + token.substr(1)},
    {"Authorization: Bearer " + std::string(8'000, 'a')},
    {"Authorization: Basic " + token},
    {"Authorization: " + token},
    {"X-Authorization: Bearer " + token}};
  for (const auto& given : headers)
    for (const auto* target : {"/v1/runs", "/v1/agents", "/openapi.json",
                               unknown_run, "/v1/nothing"}) {
      const auto answer = node.api().call("GET", target, "", given);
      CAF_CHECK_EQUAL(answer.status, 401);
      CAF_CHECK_EQUAL(answer.error_type(), "unauthorized");
    }
  const auto create = with("\"tags\": [\"without\"]");
  CAF_CHECK_EQUAL(node.api().call("POST", "/v1/runs", create, {}).status, 401);
  const auto runs = node.api().get("/v1/runs?tag=without").value();
  CAF_REQUIRE(runs.is_object());
  CAF_CHECK(runs["runs"].empty());
  CAF_CHECK(node.api().is_healthy());
}

// Goal: no body brings the node down, and no error is without a type.
// Method: good bodies with random bytes changed, removed, put in, repeated.
CAF_TEST(mutated bodies are taken or refused) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  const std::vector<std::string> good{
    with(R"("tags": ["a", "b"], "metadata": {"x": [1, 2.5, null, true]})"),
    with(R"("usage_limits": {"request_limit": 3}, "deps": {"a": "b"})"),
    with(R"("message_history": [{"kind": "request", "parts": [{"part_kind": )"
         R"("user-prompt", "content": "hi"}]}, {"kind": "response", "parts": )"
         R"([{"part_kind": "text", "content": "ho"}]}])")};
  int taken = 0;
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    auto body = good[random() % good.size()];
    for (auto changes = random() % 5; changes > 0 && !body.empty(); --changes) {
      const auto at = random() % body.size();
      const auto size = 1 + random() % 12;
      switch (random() % 4) {
        case 0:
          body[at] = static_cast<char>(random());
          break;
        case 1:
          body.erase(at, size);
          break;
        case 2:
          body.insert(at, body.substr(random() % body.size(), size));
          break;
        default:
          body[at] = "{}[]\",:0-e\\"[random() % 11];
      }
    }
    const auto answer = node.api().post("/v1/runs", body);
    const bool good_error = answer.status >= 400 && answer.status < 500
                            && !answer.error_type().empty();
    if (answer.status == 201)
      ++taken;
    else if (good_error)
      ++refused;
    else
      CAF_ERROR(body << " gave " << answer.status << ' ' << answer.body);
  }
  CAF_CHECK(taken > 0);
  CAF_CHECK(refused > 0);
  check_still_works();
}

// Goal: no bytes on the socket bring the node down.
// Method: random bytes, and requests with random bytes changed; then silence.
CAF_TEST(random bytes on the socket are survived) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  const auto good
    = "POST /v1/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token
      + "\r\nContent-Length: 33\r\n\r\n"
        "{\"agent\": \"echo\", \"prompt\": \"hi\"}";
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    if (round % 3 == 0) {
      bytes.resize(1 + random() % 2'000);
      for (auto& byte : bytes)
        byte = static_cast<char>(random());
    } else {
      bytes = good + good;
      for (auto changes = 1 + random() % 6; changes > 0; --changes)
        bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    raw_connection connection{node.api().port()};
    CAF_REQUIRE(connection.is_open());
    connection.send(bytes);
    connection.end_sending();
    // Whatever the answer is, it comes, and it is HTTP.
    const auto answer = connection.read_to_end();
    CAF_REQUIRE(answer);
    CAF_CHECK(answer->empty() || answer->starts_with("HTTP/1.1 "));
  }
  CAF_REQUIRE(node.api().is_healthy());
  check_still_works();
  CAF_CHECK_EQUAL(node.terminate(), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()

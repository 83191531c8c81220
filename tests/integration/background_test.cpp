// Goal: a response that is made in the background is paid for once, whatever
//       happens to the connection or to the node.

#define CAF_SUITE integration.background

#include "integration/beyond_fixture.hpp"
#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

using lines = std::vector<std::string>;

const std::string hello = "The capital of Mexico is Mexico City.";
const std::string posted = "POST /v1/responses";
const std::string polled = "GET /v1/responses/resp_1";

std::vector<std::string> frames() {
  return frames_of(speech_wire::responses,
                   {"The capital of Mexico", " is Mexico City."});
}

reaction pending(const char* status) {
  const json body{{"id", "resp_1"},
                  {"object", "response"},
                  {"status", status},
                  {"output", json::array()}};
  return whole(200, std::string{json_type}, runtime::to_text(body));
}

reaction complete() {
  return whole(200, std::string{json_type},
               body_of(speech_wire::responses, hello));
}

reaction gone() {
  return whole(404, std::string{json_type},
               R"({"error": {"message": "no such response"}})");
}

struct fixture : beyond_fixture {
  fixture() : beyond_fixture("openai", {{"openai_background", true}}) {}
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(background_tests, fixture)

CAF_TEST(a plain response is asked for until it is there) {
  const auto run_id
    = begin("plain", {pending("queued"), pending("in_progress"), complete()});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(asked(), (lines{posted, polled, polled}));
  CAF_CHECK_EQUAL(bodies().at(0).value("background", false), true);
  CAF_CHECK_EQUAL(attempts(run_id), 1);
  const auto noted = entries(run_id, "task_noted");
  CAF_REQUIRE_EQUAL(noted.size(), 1u);
  CAF_CHECK_EQUAL(noted[0]["note"],
                  json({{"job", {{"id", "resp_1"}, {"stream", false}}}}));
}

CAF_TEST(a stream that breaks off goes on in the same attempt) {
  const auto all = frames();
  const auto run_id
    = begin("streamed", {first_of(all, first_piece + 1, connection_end::reset),
                         rest_of(all, first_piece + 1)});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(asked(),
                  (lines{posted, polled + "?stream=true&starting_after="
                                   + std::to_string(first_piece)}));
  CAF_CHECK_EQUAL(attempts(run_id), 1);
}

CAF_TEST(a node that was killed asks for the plain response) {
  const auto run_id = begin("plain", {pending("queued"), pending("queued")});
  wait_for_note(run_id);
  restart({pending("in_progress"), complete()});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(asked(), (lines{polled, polled}));
}

CAF_TEST(a node that was killed streams the response again) {
  const auto all = frames();
  const auto run_id
    = begin("streamed", {first_of(all, first_piece + 1, connection_end::hold)});
  wait_for_note(run_id);
  CAF_CHECK_EQUAL(asked(), lines{posted});
  restart({rest_of(all, 0)});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(asked(), lines{polled + "?stream=true"});
}

CAF_TEST(a response survives many deaths) {
  const auto all = frames();
  const auto half = first_of(all, first_piece + 1, connection_end::hold);
  const auto run_id = begin("streamed", {half});
  wait_for_note(run_id);
  for (int i = 0; i < 3; ++i) {
    restart({half});
    CAF_REQUIRE(server.wait_for_connections(1));
    CAF_REQUIRE(wait_until([&] { return asked().size() == 1; }));
    CAF_CHECK_EQUAL(asked(), lines{polled + "?stream=true"});
  }
  restart({rest_of(all, 0)});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(entries(run_id, "task_noted").size(), 1u);
}

CAF_TEST(a node that was told to stop leaves the work alone) {
  const auto run_id = begin(
    "streamed", {first_of(frames(), first_piece, connection_end::hold)});
  wait_for_note(run_id);
  CAF_CHECK_EQUAL(node->terminate(), 0);
  CAF_CHECK_EQUAL(asked(), lines{posted});
  server.play({rest_of(frames(), 0)});
  node->start();
  check_output(run_id, hello);
}

CAF_TEST(a cancel ends the work at the provider) {
  for (const auto* agent : {"streamed", "plain"}) {
    const auto first
      = agent == std::string{"plain"}
          ? pending("queued")
          : first_of(frames(), first_piece, connection_end::hold);
    const auto run_id = begin(agent, {first, pending("cancelled")});
    wait_for_note(run_id);
    CAF_CHECK_EQUAL(
      node->api().post("/v1/runs/" + run_id + "/cancel", "").status, 202);
    CAF_REQUIRE(wait_until([&] { return asked().size() == 2; }));
    CAF_CHECK_EQUAL(asked(),
                    (lines{posted, "POST /v1/responses/resp_1/cancel"}));
    const auto run = ended(run_id);
    CAF_CHECK_EQUAL(run["state"], "cancelled");
  }
}

CAF_TEST(a response that is gone is an error of its own) {
  const auto run_id = begin(
    "streamed", {first_of(frames(), first_piece, connection_end::hold)});
  wait_for_note(run_id);
  restart({gone(), gone()});
  const auto run = ended(run_id);
  CAF_CHECK_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"].value("type", ""), "model_job_expired");
  // Nobody ends what is not there.
  CAF_CHECK_EQUAL(asked(), (lines{polled + "?stream=true", polled}));
}

CAF_TEST(a provider that refuses to tell is left and its work ended) {
  const auto run_id = begin("plain", {pending("queued")});
  wait_for_note(run_id);
  const auto locked
    = whole(401, std::string{json_type}, R"({"error": {"message": "who?"}})");
  restart({locked, pending("cancelled")});
  const auto run = ended(run_id);
  CAF_CHECK_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"].value("type", ""), "model_http_error");
  CAF_REQUIRE(wait_until([&] { return asked().size() == 2; }));
  CAF_CHECK_EQUAL(asked(), (lines{polled, "POST /v1/responses/resp_1/cancel"}));
}

CAF_TEST(a history may end in a response that is still made) {
  const json request{{"kind", "request"},
                     {"parts", json::array({{{"part_kind", "user-prompt"},
                                             {"content", "Mexico?"}}})}};
  const json left{{"kind", "response"},
                  {"parts", json::array()},
                  {"provider_response_id", "resp_1"},
                  {"state", "suspended"}};
  const auto run_id
    = begin("plain", {pending("in_progress"), complete()},
            {{"message_history", json::array({request, left})}});
  check_output(run_id, hello);
  CAF_CHECK_EQUAL(asked(), (lines{polled, polled}));
}

CAF_TEST_FIXTURE_SCOPE_END()

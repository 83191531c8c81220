#define CAF_SUITE runtime.event_handler

#include "runtime/agent/event_handler.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace std::chrono_literals;

namespace {

json from(const char* text) {
  return *parse_json(text);
}

std::string refusal(const char* text) {
  const auto read = handlers_from_request(from(text));
  return read ? "" : read.error().message;
}

bool refuses(const char* text, const std::string& why) {
  const auto message = refusal(text);
  CAF_MESSAGE(message);
  return message.find(why) != std::string::npos;
}

} // namespace

CAF_TEST(a handler comes back from its stored form) {
  event_handler all;
  all.name = "hook";
  all.kind = handler_kind::http;
  all.url = "https://hooks.test/";
  all.secret = "${SECRET}";
  all.headers = {{"X-Team", "${TEAM}"}};
  all.command.argv = {"run", "it"};
  all.command.env = {{"A", "b"}};
  all.events = {"run_state"};
  all.holds_run = true;
  all.policy.retries = 9;
  all.policy.timeout = 5s;
  event_handler plain;
  plain.name = "plain";
  for (const auto& handler : {all, plain}) {
    const auto stored = to_json(handler);
    std::string problem;
    const auto back = read_event_handler(stored, "handler", problem);
    CAF_CHECK_EQUAL(problem, "");
    CAF_CHECK_EQUAL(to_text(to_json(back)), to_text(stored));
    CAF_CHECK_EQUAL(back.policy.retries, handler.policy.retries);
    CAF_CHECK(back.policy.timeout == handler.policy.timeout);
    CAF_CHECK(back.kind == handler.kind);
  }
  CAF_CHECK_EQUAL(to_text(to_json(plain)), R"({"name":"plain"})");
}

CAF_TEST(without a list a handler gets everything but deltas) {
  event_handler handler;
  CAF_CHECK(handler.wants("part_end"));
  CAF_CHECK(!handler.wants("part_delta"));
  handler.events = {"part_delta"};
  CAF_CHECK(handler.wants_deltas());
  CAF_CHECK(!handler.wants("part_end"));
}

CAF_TEST(a request brings endpoints with secrets by name) {
  const auto read = handlers_from_request(from(R"([
    {"url": "http://a.test/", "secret": "${HOOK}", "policy": {"retries": 1}},
    {"url": "https://b.test/", "name": "b", "holds_run": true}])"));
  CAF_REQUIRE(read);
  CAF_REQUIRE_EQUAL(read->size(), 2u);
  CAF_CHECK_EQUAL((*read)[0].name, "run_handler_1");
  CAF_CHECK((*read)[0].kind == handler_kind::http);
  CAF_CHECK_EQUAL((*read)[0].policy.retries, 1u);
  CAF_CHECK_EQUAL((*read)[1].name, "b");
  CAF_CHECK((*read)[1].holds_run);
  CAF_CHECK(handlers_from_request(nullptr)->empty());
}

CAF_TEST(a request with a handler that must not be is refused) {
  CAF_CHECK(refuses(R"({})", "must be an array"));
  CAF_CHECK(refuses(R"([{}])", "event_handlers[0].url: missing"));
  CAF_CHECK(refuses(R"([{"url": "ftp://a"}])", "must start with http://"));
  CAF_CHECK(
    refuses(R"([{"url": "http://a", "secret": "s"}])", "is never stored"));
  CAF_CHECK(refuses(R"([{"url": "http://a", "secret": "${A}${B}"}])",
                    "is never stored"));
  // Else a caller could read the node's environment.
  CAF_CHECK(refuses(R"([{"url": "http://a/${KEY}"}])", "without ${NAME}"));
  CAF_CHECK(refuses(R"([{"url": "http://a", "headers": {"X": "${KEY}"}}])",
                    "must not name variables"));
  CAF_CHECK(
    refuses(R"([{"url": "http://a", "events": ["nope"]}])", "no event 'nope'"));
  CAF_CHECK(refuses(R"([{"url": "http://a", "argv": ["rm"]}])", "argv"));
  CAF_CHECK(refuses(R"([{"url": "http://a", "name": "a/b"}])", "64 letters"));
}

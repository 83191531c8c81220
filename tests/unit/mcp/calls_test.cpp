#define CAF_SUITE mcp.calls

#include "unit/mcp/driver.hpp"

using namespace perdure::mcp_test;

namespace {

std::string headers_text(const send& item) {
  std::string out;
  for (const auto& [name, value] : item.headers)
    out += name + ": " + value + "\n";
  return out;
}

} // namespace

CAF_TEST(calls wait for the session) {
  driver it{stdio_options()};
  const auto first = it.call("tools/list");
  CAF_CHECK(it.steps.empty());
  it.open();
  const auto probe = it.one<send>();
  it.call(tool_call("echo"));
  CAF_CHECK(it.none<send>());
  it.reply_error(probe, -32601, "no");
  it.reply(it.one<send>(), {{"protocolVersion", "2025-11-25"}});
  const auto sent = it.all<send>();
  CAF_REQUIRE_EQUAL(sent.size(), 3u);
  CAF_CHECK_EQUAL(sent[1].method, "tools/list");
  CAF_CHECK_EQUAL(sent[2].method, "tools/call");
  it.reply(sent[1], {{"tools", json::array()}});
  CAF_CHECK(it.one<done>().call == first);
  CAF_CHECK_EQUAL(it.subject.calls(), 1u);
}

CAF_TEST(answers find their calls in any order) {
  driver it{stdio_options()};
  it.open_legacy();
  std::vector<std::pair<call_id, send>> open;
  for (int i = 0; i < 200; ++i) {
    const auto id = it.call(tool_call("echo", {{"n", i}}));
    open.emplace_back(id, it.one<send>());
  }
  for (int i = 199; i >= 0; --i) {
    it.reply(open[i].second, text_result(std::to_string(i)));
    CAF_REQUIRE(it.one<done>().call == open[i].first);
    CAF_REQUIRE_EQUAL(result_of(it)["content"][0]["text"], std::to_string(i));
  }
  CAF_CHECK_EQUAL(it.subject.calls(), 0u);
}

CAF_TEST(a call carries what was asked for and nothing else) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call("tools/list");
  CAF_CHECK_EQUAL(it.one<send>().text,
                  R"({"jsonrpc":"2.0","id":3,"method":"tools/list"})");
  auto request = tool_call("echo", {{"message", "h\xC3\xA9llo"}});
  request.wants_progress = true;
  request.idempotency_key = "run/1/call";
  it.call(request);
  CAF_CHECK_EQUAL(
    it.one<send>().text,
    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\",\"params\":"
    "{\"name\":\"echo\",\"arguments\":{\"message\":\"h\xC3\xA9llo\"},"
    "\"_meta\":{\"progressToken\":4,"
    "\"perdure/idempotency-key\":\"run/1/call\"}}}");
}

CAF_TEST(modern calls show in their headers what they are about) {
  driver it{http_options()};
  it.open_modern();
  auto request = tool_call("find", {{"region", "s\xC3\xBC"
                                               "d"}});
  request.header_params = {{{"region"}, "Region"}};
  it.call(request);
  CAF_CHECK_EQUAL(headers_text(it.one<send>()),
                  "MCP-Protocol-Version: 2026-07-28\nMcp-Method: tools/call\n"
                  "Mcp-Name: find\nMcp-Param-Region: =?base64?c8O8ZA==?=\n");
  it.call("resources/read", {{"uri", "file:///a"}});
  CAF_CHECK_EQUAL(headers_text(it.one<send>()),
                  "MCP-Protocol-Version: 2026-07-28\n"
                  "Mcp-Method: resources/read\nMcp-Name: file:///a\n");
}

CAF_TEST(errors of the server are typed) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(tool_call("nope"));
  it.reply_error(it.one<send>(), -32602, "Tool nope not found", {{"a", 1}});
  const auto reason = failure_of(it);
  CAF_CHECK(reason.kind == call_failure_kind::refused);
  CAF_CHECK_EQUAL(reason.code, -32602);
  CAF_CHECK_EQUAL(reason.message, "Tool nope not found");
  CAF_CHECK_EQUAL(to_text(reason.data), R"({"a":1})");
  CAF_CHECK(!reason.is_retryable());
  CAF_CHECK(reason.code_of_error() == errc::mcp_error);
}

CAF_TEST(silence ends a call and progress prolongs it) {
  driver it{stdio_options()};
  it.open_legacy();
  auto request = tool_call("slow");
  request.timeout = 10s;
  request.hard_timeout = 25s;
  request.wants_progress = true;
  it.call(request);
  const auto sent = it.one<send>();
  const auto token = std::to_string(static_cast<int>(sent.exchange));
  for (int i = 1; i <= 2; ++i) {
    it.pass(9s);
    it.hear(R"({"method":"notifications/progress","params":{"progress":)"
            + std::to_string(i) + R"(,"total":4,"progressToken":)" + token
            + R"(,"message":"m"},"jsonrpc":"2.0"})");
    const auto progress = it.one<progressed>();
    CAF_CHECK_EQUAL(progress.progress, i);
    CAF_CHECK_EQUAL(*progress.total, 4);
    CAF_CHECK_EQUAL(progress.message, "m");
  }
  it.pass(6s);
  CAF_CHECK(it.none<done>());
  // 25 s after it began, whatever the progress.
  it.pass(1s);
  const auto reason = failure_of(it);
  CAF_CHECK(reason.kind == call_failure_kind::timed_out);
  CAF_CHECK(reason.code_of_error() == errc::tool_timeout);
  CAF_CHECK_EQUAL(it.sent()["method"], "notifications/cancelled");
  CAF_CHECK_EQUAL(it.sent()["params"]["requestId"],
                  static_cast<int>(sent.exchange));
  it.reply(sent, text_result("late"));
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(calls without a timeout wait for ever) {
  driver it{stdio_options()};
  it.open_legacy();
  auto request = tool_call("slow");
  request.timeout = 0s;
  it.call(request);
  CAF_CHECK(!it.subject.next_moment());
  it.pass(std::chrono::hours{1000});
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(cancelling tells the server in the way of its era) {
  driver pipes{stdio_options()};
  pipes.open_modern();
  const auto call = pipes.call(tool_call("slow"));
  const auto sent = pipes.one<send>();
  pipes.subject.cancel(call, "enough", pipes.now);
  pipes.look();
  CAF_CHECK_EQUAL(pipes.sent()["params"]["reason"], "enough");
  CAF_CHECK(pipes.one<abandon>().exchange == sent.exchange);
  CAF_CHECK(failure_of(pipes).kind == call_failure_kind::cancelled);

  driver http{http_options()};
  http.open_modern();
  const auto other = http.call(tool_call("slow"));
  const auto posted = http.one<send>();
  http.subject.cancel(other, "enough", http.now);
  http.look();
  CAF_CHECK(http.none<send>());
  CAF_CHECK(http.one<abandon>().exchange == posted.exchange);
  http.subject.cancel(other, "again", http.now);
  http.look();
  CAF_CHECK(http.steps.empty());
}

CAF_TEST(a link that ends takes what was in flight with it) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(tool_call("slow"));
  it.lose_link();
  const auto reason = failure_of(it);
  CAF_CHECK(reason.kind == call_failure_kind::lost);
  CAF_CHECK(reason.is_retryable());
  CAF_CHECK(reason.code_of_error() == errc::mcp_unavailable);
  CAF_CHECK(it.none<reopen>());
  CAF_CHECK(!it.subject.is_ready());
}

CAF_TEST(a call whose session was lost is made again) {
  driver it{http_options()};
  it.open_legacy();
  const auto first = it.call(tool_call("a"));
  const auto one = it.one<send>();
  const auto second = it.call(tool_call("b"));
  const auto two = it.one<send>();
  it.lose(one.exchange, {link_failure::kind::session_lost, "404", 404, {}, {}});
  it.one<reopen>();
  it.lose(two.exchange, {link_failure::kind::session_lost, "404", 404, {}, {}});
  CAF_CHECK(it.steps.empty());
  it.open();
  CAF_CHECK_EQUAL(it.one<send>().method, "initialize");
  it.reply(it.one<send>(), {{"protocolVersion", "2025-11-25"}});
  const auto sent = it.all<send>();
  CAF_REQUIRE_EQUAL(sent.size(), 3u);
  it.reply(sent[1], text_result("a"));
  CAF_CHECK(it.one<done>().call == first);
  it.reply(sent[2], text_result("b"));
  CAF_CHECK(it.one<done>().call == second);
}

CAF_TEST(a server that keeps losing sessions is not followed for ever) {
  driver it{http_options()};
  it.open_legacy();
  it.call(tool_call("a"));
  auto sent = it.one<send>();
  int sessions = 0;
  for (; sessions < 10; ++sessions) {
    it.lose(sent.exchange,
            {link_failure::kind::session_lost, "404", 404, {}, {}});
    if (!it.none<done>())
      break;
    it.open();
    it.reply(it.one<send>(), {{"protocolVersion", "2025-11-25"}});
    sent = it.all<send>().back();
  }
  CAF_CHECK_EQUAL(sessions, 2);
  CAF_CHECK(failure_of(it).kind == call_failure_kind::lost);
}

CAF_TEST(statuses of calls are typed) {
  driver it{http_options()};
  it.open_modern();
  it.call(tool_call("a"));
  it.lose(it.one<send>().exchange,
          {link_failure::kind::http_status, "", 503, "busy", {}});
  CAF_CHECK(failure_of(it).is_retryable());
  it.call(tool_call("a"));
  it.lose(it.one<send>().exchange,
          {link_failure::kind::http_status, "", 403, {}, "Bearer error=x"});
  CAF_CHECK(failure_of(it).kind == call_failure_kind::unauthorized);
  CAF_CHECK_EQUAL(failure_of(it).challenge, "Bearer error=x");
  it.call(tool_call("a"));
  it.lose(it.one<send>().exchange,
          {link_failure::kind::bad_answer, "over 32 MiB", 200, {}, {}});
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
  CAF_CHECK_EQUAL(failure_of(it).message, "over 32 MiB");
}

CAF_TEST(an exchange that was answered may end in any way) {
  driver it{http_options()};
  it.open_modern();
  it.call(tool_call("a"));
  const auto sent = it.one<send>();
  it.reply(sent, text_result("x"));
  it.lose(sent.exchange, {link_failure::kind::broken, "end", 0, {}, {}});
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(a server that drops a version is asked in another) {
  driver it{http_options()};
  it.open_modern();
  it.call(tool_call("a"));
  it.lose(it.one<send>().exchange,
          {link_failure::kind::http_status,
           "",
           400,
           R"({"jsonrpc":"2.0","id":2,"error":{"code":-32022,"message":"no",)"
           R"("data":{"supported":["2026-07-28","2030-01-01"]}}})",
           {}});
  CAF_CHECK_EQUAL(it.one<send>().method, "tools/call");
  it.reply(it.one<send>(), text_result("x"));
  CAF_CHECK_EQUAL(result_of(it)["content"][0]["text"], "x");
}

CAF_TEST(what a server needs is handed on and the call made again) {
  driver it{http_options()};
  it.open_modern();
  auto request = tool_call("book", {{"day", 1}});
  it.call(request);
  const auto first = it.one<send>();
  it.reply(first, {{"resultType", "input_required"},
                   {"inputRequests",
                    {{"who",
                      {{"method", "elicitation/create"},
                       {"params", {{"message", "Who?"}}}}}}},
                   {"requestState", "opaque"}});
  const auto outcome = it.one<done>().outcome;
  const auto& wanted = std::get<needs_input>(outcome);
  CAF_CHECK_EQUAL(wanted.requests["who"]["params"]["message"], "Who?");
  CAF_CHECK_EQUAL(*wanted.request_state, "opaque");
  // Days later, on another connection.
  driver later{http_options()};
  later.open_modern();
  request.input_responses
    = {{"who", {{"action", "accept"}, {"content", {{"name", "Ann"}}}}}};
  request.request_state = wanted.request_state;
  later.call(request);
  const auto again = later.sent();
  CAF_CHECK_EQUAL(again["params"]["arguments"]["day"], 1);
  CAF_CHECK_EQUAL(again["params"]["requestState"], "opaque");
  CAF_CHECK_EQUAL(again["params"]["inputResponses"]["who"]["content"]["name"],
                  "Ann");
  later.reply(later.one<send>(), text_result("done"));
  result_of(later);
}

CAF_TEST(a state that was absent stays absent) {
  driver it{http_options()};
  it.open_modern();
  auto request = tool_call("book");
  it.call(request);
  it.reply(it.one<send>(), {{"resultType", "input_required"},
                            {"inputRequests", {{"k", {{"method", "x"}}}}}});
  const auto outcome = it.one<done>().outcome;
  CAF_CHECK(!std::get<needs_input>(outcome).request_state);
  request.input_responses = {{"k", json::object()}};
  it.call(request);
  CAF_CHECK(!it.sent()["params"].contains("requestState"));
}

CAF_TEST(the session answers for roots by itself) {
  auto options = http_options();
  options.roots = {"file:///work"};
  driver it{options};
  it.open_modern();
  it.call(tool_call("scan"));
  it.reply(it.one<send>(),
           {{"resultType", "input_required"},
            {"inputRequests", {{"r", {{"method", "roots/list"}}}}},
            {"requestState", "s"}});
  const auto again = it.sent();
  CAF_CHECK_EQUAL(to_text(again["params"]["inputResponses"]),
                  R"({"r":{"roots":[{"uri":"file:///work"}]}})");
  CAF_CHECK_EQUAL(again["params"]["requestState"], "s");
  it.reply(it.one<send>(), {{"resultType", "input_required"},
                            {"inputRequests",
                             {{"r", {{"method", "roots/list"}}},
                              {"e", {{"method", "elicitation/create"}}}}}});
  const auto outcome = it.one<done>().outcome;
  const auto& wanted = std::get<needs_input>(outcome);
  CAF_CHECK(wanted.requests.contains("e"));
  CAF_CHECK(!wanted.requests.contains("r"));
  CAF_CHECK(wanted.responses.contains("r"));
}

CAF_TEST(a server that is not ready is asked later and not for ever) {
  driver it{http_options()};
  it.open_modern();
  it.call(tool_call("scan"));
  int rounds = 0;
  for (; rounds < 100; ++rounds) {
    it.reply(it.one<send>(),
             {{"resultType", "input_required"}, {"requestState", "s"}});
    if (!it.none<done>())
      break;
    CAF_CHECK(it.none<send>());
    it.pass(1s);
  }
  CAF_CHECK_EQUAL(rounds, 16);
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
}

CAF_TEST(only some methods may need input) {
  driver it{http_options()};
  it.open_modern();
  it.call("tools/list");
  it.reply(it.one<send>(), {{"resultType", "input_required"},
                            {"inputRequests", {{"k", {{"method", "x"}}}}}});
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
  it.call(tool_call("a"));
  it.reply(it.one<send>(), {{"resultType", "telepathy"}});
  CAF_CHECK(failure_of(it).message.find("telepathy") != std::string::npos);
  it.call(tool_call("a"));
  it.hear(R"({"jsonrpc":"2.0","id":)"
          + std::to_string(static_cast<int>(it.one<send>().exchange))
          + R"(,"result":[1]})");
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
}

CAF_TEST(a legacy server may want a URL to be visited) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(tool_call("drive"));
  it.reply_error(it.one<send>(), -32042, "visit",
                 {{"elicitations",
                   {{{"mode", "url"},
                     {"elicitationId", "e1"},
                     {"url", "https://h/login"},
                     {"message", "Log in"}}}}});
  const auto outcome = it.one<done>().outcome;
  const auto& wanted = std::get<needs_input>(outcome);
  CAF_CHECK_EQUAL(wanted.requests["e1"]["params"]["url"], "https://h/login");
  it.hear(R"({"jsonrpc":"2.0","method":"notifications/elicitation/complete",)"
          R"("params":{"elicitationId":"e1"}})");
  CAF_CHECK_EQUAL(it.one<elicited>().elicitation_id, "e1");
}

CAF_TEST(closing ends everything) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(tool_call("a"));
  it.call(tool_call("b"));
  it.subject.close(it.now);
  it.look();
  CAF_CHECK_EQUAL(it.all<done>().size(), 2u);
  CAF_CHECK_EQUAL(it.subject.calls(), 0u);
  CAF_CHECK(!it.subject.next_moment());
}

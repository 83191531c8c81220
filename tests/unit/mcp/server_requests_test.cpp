#define CAF_SUITE mcp.server_requests

#include "unit/mcp/driver.hpp"

using namespace perdure::mcp_test;

namespace {

session_options able(session_options options) {
  options.abilities.elicitation_form = true;
  return options;
}

const std::string elicit
  = R"({"jsonrpc":"2.0","id":0,"method":"elicitation/create",)"
    R"("params":{"message":"Name?","requestedSchema":{}}})";

} // namespace

CAF_TEST(pings are answered) {
  driver it{stdio_options()};
  it.open_legacy();
  it.hear(R"({"jsonrpc":"2.0","id":"p","method":"ping"})");
  CAF_CHECK_EQUAL(it.one<send>().text,
                  R"({"jsonrpc":"2.0","id":"p","result":{}})");
}

CAF_TEST(roots are told when there are any) {
  auto options = stdio_options();
  options.roots = {"file:///a"};
  driver it{options};
  it.open_legacy();
  const auto ask = R"({"method":"roots/list","jsonrpc":"2.0","id":0})";
  it.hear(ask);
  CAF_CHECK_EQUAL(to_text(it.sent()["result"]),
                  R"({"roots":[{"uri":"file:///a"}]})");
  it.subject.set_roots({"file:///b", "file:///c"}, it.now);
  it.look();
  CAF_CHECK_EQUAL(it.sent()["method"], "notifications/roots/list_changed");
  it.hear(ask);
  CAF_CHECK_EQUAL(it.sent()["result"]["roots"].size(), 2u);

  driver none{stdio_options()};
  none.open_legacy();
  none.hear(ask);
  CAF_CHECK_EQUAL(none.sent()["error"]["code"], -32601);
}

CAF_TEST(unknown requests are refused and unknown notifications ignored) {
  driver it{stdio_options()};
  it.open_legacy();
  it.hear(R"({"jsonrpc":"2.0","id":9,"method":"make/coffee"})");
  CAF_CHECK_EQUAL(it.sent()["error"]["code"], -32601);
  CAF_CHECK_EQUAL(it.sent()["id"], 9);
  it.hear(R"({"jsonrpc":"2.0","method":"notifications/coffee/ready"})");
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(a question goes to the only call) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.call("tools/list");
  const auto call = it.call(tool_call("book"));
  it.hear(elicit);
  const auto question = it.one<asked>();
  CAF_CHECK(question.call == call);
  CAF_CHECK_EQUAL(question.method, "elicitation/create");
  CAF_CHECK_EQUAL(question.params["message"], "Name?");
  const json answer{{"action", "accept"}, {"content", {{"name", "Ann"}}}};
  it.subject.answer(question.question, answer, it.now);
  it.look();
  CAF_CHECK_EQUAL(it.sent()["id"], 0);
  CAF_CHECK_EQUAL(it.sent()["result"]["content"]["name"], "Ann");
  // Once only.
  it.subject.answer(question.question, answer, it.now);
  it.look();
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(a question on the stream of a call is about that call) {
  driver it{able(http_options())};
  it.open_legacy();
  const auto first = it.call(tool_call("a"));
  const auto exchange = it.one<send>().exchange;
  it.call(tool_call("b"));
  it.hear(elicit, exchange);
  CAF_CHECK(it.one<asked>().call == first);
}

CAF_TEST(a question that could be about several calls is refused) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.hear(elicit);
  CAF_CHECK_EQUAL(it.sent()["error"]["code"], -32600);
  it.call(tool_call("a"));
  it.call(tool_call("b"));
  it.hear(elicit);
  CAF_CHECK_EQUAL(it.sent()["error"]["code"], -32600);
  CAF_CHECK(it.none<asked>());
}

CAF_TEST(what was not declared is refused) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.call(tool_call("a"));
  it.hear(R"({"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"})");
  CAF_CHECK_EQUAL(it.sent()["error"]["code"], -32601);
  it.hear(R"({"jsonrpc":"2.0","id":2,"method":"elicitation/create",)"
          R"("params":{"mode":"url","url":"https://h"}})");
  CAF_CHECK_EQUAL(it.sent()["error"]["code"], -32601);
}

CAF_TEST(a call waits while a person is asked) {
  driver it{able(stdio_options())};
  it.open_legacy();
  auto request = tool_call("book");
  request.timeout = 10s;
  request.hard_timeout = 30s;
  it.call(request);
  it.pass(9s);
  it.hear(elicit);
  const auto question = it.one<asked>().question;
  CAF_CHECK(!it.subject.next_moment());
  it.pass(std::chrono::hours{5});
  CAF_CHECK(it.steps.empty());
  it.subject.refuse(question, -1, "nobody is here", it.now);
  it.look();
  CAF_CHECK_EQUAL(it.sent()["error"]["message"], "nobody is here");
  it.pass(9s);
  CAF_CHECK(it.none<done>());
  it.pass(1s);
  CAF_CHECK(failure_of(it).kind == call_failure_kind::timed_out);
}

CAF_TEST(questions end with their call) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.call(tool_call("book"));
  const auto sent = it.one<send>();
  it.hear(elicit);
  const auto question = it.one<asked>().question;
  it.reply(sent, text_result("never mind"));
  CAF_CHECK(it.one<withdrawn>().question == question);
  it.one<done>();
  it.subject.answer(question, json::object(), it.now);
  it.look();
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(the server may withdraw a question) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.call(tool_call("book"));
  it.hear(elicit);
  const auto question = it.one<asked>().question;
  it.hear(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
          R"("params":{"requestId":0,"reason":"late"}})");
  CAF_CHECK(it.one<withdrawn>().question == question);
  CAF_CHECK(it.subject.next_moment());
}

CAF_TEST(questions end with the link) {
  driver it{able(stdio_options())};
  it.open_legacy();
  it.call(tool_call("book"));
  it.hear(elicit);
  it.lose_link();
  it.one<withdrawn>();
  it.one<done>();
}

CAF_TEST(modern servers have no requests) {
  driver it{able(stdio_options())};
  it.open_modern();
  it.call(tool_call("a"));
  it.hear(elicit);
  it.one<ignored>();
  CAF_CHECK(it.none<send>());
}

CAF_TEST(logs and changes are handed on) {
  driver it{http_options()};
  it.open_legacy();
  const auto call = it.call(tool_call("a"));
  it.hear(R"({"method":"notifications/message","params":{"level":"info",)"
          R"("logger":"deep","data":{"msg":"14s elapsed"}},"jsonrpc":"2.0"})",
          it.one<send>().exchange);
  const auto line = it.one<logged>();
  CAF_CHECK(line.call == call);
  CAF_CHECK_EQUAL(line.level, "info");
  CAF_CHECK_EQUAL(line.logger, "deep");
  CAF_CHECK_EQUAL(line.data["msg"], "14s elapsed");
  it.hear(R"({"method":"notifications/tools/list_changed","jsonrpc":"2.0"})");
  CAF_CHECK(it.one<changed>().what == changed_kind::tools);
  it.hear(R"({"method":"notifications/resources/updated",)"
          R"("params":{"uri":"file:///a"},"jsonrpc":"2.0"})");
  CAF_CHECK(it.one<changed>().what == changed_kind::resource);
  CAF_CHECK_EQUAL(it.one<changed>().uri, "file:///a");
}

#define CAF_SUITE mcp.server_tasks

#include "unit/mcp/driver.hpp"

using namespace perdure::mcp_test;

namespace {

const json task_abilities{
  {"tools", json::object()},
  {"tasks", {{"requests", {{"tools", {{"call", json::object()}}}}}}}};

json modern_task(const std::string& status, json more = json::object()) {
  json out{{"resultType", "complete"},
           {"taskId", "t1"},
           {"status", status},
           {"ttlMs", nullptr}};
  out.update(more);
  return out;
}

/// Does not have the server tell of its tasks.
session_options polling() {
  auto out = http_options();
  out.subscribes = false;
  return out;
}

/// A modern session with a call that has become a task.
driver with_task(call_request request = tool_call("dig"),
                 session_options options = polling()) {
  driver it{std::move(options)};
  it.open_modern();
  it.call(std::move(request));
  it.reply(it.one<send>(), {{"resultType", "task"},
                            {"taskId", "t1"},
                            {"status", "working"},
                            {"pollIntervalMs", 2000}});
  return it;
}

} // namespace

CAF_TEST(a task of the extension is noted and polled) {
  auto it = with_task();
  CAF_CHECK_EQUAL(to_text(it.one<noted>().note),
                  R"({"task":"t1","era":"modern","poll_ms":2000})");
  CAF_CHECK(it.none<send>());
  it.pass(1999ms);
  CAF_CHECK(it.steps.empty());
  it.pass(1ms);
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/get");
  CAF_CHECK_EQUAL(it.sent()["params"]["taskId"], "t1");
  const auto poll = it.one<send>();
  CAF_CHECK_EQUAL(poll.headers.back().first, "Mcp-Name");
  CAF_CHECK_EQUAL(poll.headers.back().second, "t1");
  it.reply(poll, modern_task("working", {{"pollIntervalMs", 500}}));
  CAF_CHECK(it.steps.empty());
  it.pass(500ms);
  it.reply(it.one<send>(),
           modern_task("completed", {{"result", text_result("gold")}}));
  CAF_CHECK_EQUAL(result_of(it)["content"][0]["text"], "gold");
}

CAF_TEST(a noted call is polled and never made again) {
  driver it{polling()};
  it.open_modern();
  auto request = tool_call("dig");
  request.note = {{"task", "t1"}, {"era", "modern"}, {"poll_ms", 2000}};
  it.call(request);
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/get");
  it.reply(it.one<send>(),
           modern_task("completed", {{"result", text_result("gold")}}));
  result_of(it);
}

CAF_TEST(ends of tasks are typed) {
  for (const auto* status : {"failed", "cancelled", "odd", "completed"}) {
    auto it = with_task();
    it.pass(2s);
    auto more = json::object();
    if (status == std::string{"failed"})
      more = {{"error", {{"code", -32603}, {"message", "cave-in"}}}};
    it.reply(it.one<send>(), modern_task(status, more));
    const auto reason = failure_of(it);
    if (status == std::string{"failed"}) {
      CAF_CHECK(reason.kind == call_failure_kind::refused);
      CAF_CHECK_EQUAL(reason.code, -32603);
      CAF_CHECK_EQUAL(reason.message, "cave-in");
    } else if (status == std::string{"cancelled"}) {
      CAF_CHECK(reason.kind == call_failure_kind::cancelled);
    } else {
      CAF_CHECK(reason.kind == call_failure_kind::bad_answer);
    }
  }
}

CAF_TEST(a task that the server has forgotten fails the call) {
  auto it = with_task();
  it.pass(2s);
  it.reply_error(it.one<send>(), -32602, "unknown task");
  const auto reason = failure_of(it);
  CAF_CHECK(reason.kind == call_failure_kind::refused);
  CAF_CHECK(reason.message.find("t1") != std::string::npos);
}

CAF_TEST(what a task needs is asked for once) {
  auto it = with_task();
  it.pass(2s);
  const json wants{
    {"inputRequests", {{"depth", {{"method", "elicitation/create"}}}}}};
  it.reply(it.one<send>(), modern_task("input_required", wants));
  const auto outcome = it.one<done>().outcome;
  const auto& wanted = std::get<needs_input>(outcome);
  CAF_CHECK_EQUAL(wanted.note["task"], "t1");
  CAF_CHECK(wanted.requests.contains("depth"));

  auto request = tool_call("dig");
  request.note = wanted.note;
  request.input_responses = {{"depth", {{"action", "decline"}}}};
  it.call(request);
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/update");
  CAF_CHECK_EQUAL(it.sent()["params"]["inputResponses"]["depth"]["action"],
                  "decline");
  it.reply(it.one<send>(), {{"resultType", "complete"}});
  CAF_CHECK_EQUAL(to_text(it.one<noted>().note["answered"]), R"(["depth"])");
  it.pass(2s);
  // The server has not looked at the answer yet.
  it.reply(it.one<send>(), modern_task("input_required", wants));
  CAF_CHECK(it.steps.empty());
  it.pass(2s);
  it.reply(it.one<send>(),
           modern_task("completed", {{"result", text_result("gold")}}));
  result_of(it);
}

CAF_TEST(polls that get lost are made again) {
  auto it = with_task();
  int lost = 0;
  for (; lost < 20; ++lost) {
    it.pass(100s);
    it.lose(it.one<send>().exchange,
            {link_failure::kind::broken, "reset", 0, {}, {}});
    if (!it.none<done>())
      break;
  }
  CAF_CHECK_EQUAL(lost, 5);
  CAF_CHECK(failure_of(it).kind == call_failure_kind::lost);
}

CAF_TEST(a task outlives its link) {
  auto it = with_task();
  it.lose_link();
  CAF_CHECK(it.none<done>());
  it.pass(100s);
  CAF_CHECK(it.none<send>());
  it.open_modern();
  it.pass(1ms);
  CAF_CHECK_EQUAL(it.one<send>().method, "tasks/get");
}

CAF_TEST(cancelling a task tells the server) {
  auto it = with_task();
  const auto call = it.one<noted>().call;
  it.subject.cancel(call, "enough", it.now);
  it.look();
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/cancel");
  CAF_CHECK(failure_of(it).kind == call_failure_kind::cancelled);
  it.pass(100s);
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(the hard timeout also bounds tasks) {
  auto request = tool_call("dig");
  request.hard_timeout = 1s;
  auto it = with_task(request);
  it.pass(1s);
  CAF_CHECK_EQUAL(it.one<send>().method, "tasks/cancel");
  CAF_CHECK(failure_of(it).kind == call_failure_kind::timed_out);
}

CAF_TEST(a legacy task is begun by asking for one) {
  driver it{stdio_options()};
  it.open_legacy(task_abilities);
  auto request = tool_call("research");
  request.as_task = true;
  request.hard_timeout = 60s;
  it.call(request);
  CAF_CHECK_EQUAL(to_text(it.sent()["params"]["task"]), R"({"ttl":60000})");
  it.reply(it.one<send>(), {{"task",
                             {{"taskId", "L"},
                              {"status", "working"},
                              {"ttl", 60000},
                              {"pollInterval", 1000}}}});
  CAF_CHECK_EQUAL(to_text(it.one<noted>().note),
                  R"({"task":"L","era":"legacy","poll_ms":1000})");
  it.pass(1s);
  CAF_CHECK_EQUAL(to_text(it.sent()["params"]), R"({"taskId":"L"})");
  it.reply(it.one<send>(), {{"taskId", "L"}, {"status", "completed"}});
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/result");
  it.reply(it.one<send>(), text_result("found"));
  CAF_CHECK_EQUAL(result_of(it)["content"][0]["text"], "found");
}

CAF_TEST(a legacy server without tasks is called as ever) {
  driver it{stdio_options()};
  it.open_legacy();
  auto request = tool_call("research");
  request.as_task = true;
  it.call(request);
  CAF_CHECK(!it.sent()["params"].contains("task"));
  it.reply(it.one<send>(), text_result("found"));
  result_of(it);
}

CAF_TEST(a legacy task asks while its result is waited for) {
  auto options = stdio_options();
  options.abilities.elicitation_form = true;
  driver it{options};
  it.open_legacy(task_abilities);
  auto request = tool_call("research");
  request.as_task = true;
  const auto call = it.call(request);
  it.reply(it.one<send>(), {{"task", {{"taskId", "L"}}}});
  // Another call makes it unclear without the task's name.
  it.call(tool_call("other"));
  it.pass(1s);
  it.reply(it.one<send>(), {{"taskId", "L"}, {"status", "input_required"}});
  const auto fetch = it.one<send>();
  CAF_CHECK_EQUAL(fetch.method, "tasks/result");
  it.hear(R"({"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":)"
          R"({"message":"Which?","_meta":{)"
          R"("io.modelcontextprotocol/related-task":{"taskId":"L"}}}})");
  const auto question = it.one<asked>();
  CAF_CHECK(question.call == call);
  it.subject.answer(question.question, {{"action", "cancel"}}, it.now);
  it.look();
  CAF_CHECK_EQUAL(it.sent()["id"], 5);
  it.reply(fetch, text_result("found"));
  CAF_CHECK(it.one<done>().call == call);
}

CAF_TEST(a note that names no task is refused) {
  driver it{polling()};
  it.open_modern();
  for (const json& note : {json{{"a", 1}}, json{"x"}, json{{"task", 7}}}) {
    auto request = tool_call("dig");
    request.note = note;
    it.call(request);
    CAF_CHECK(failure_of(it).kind == call_failure_kind::not_sent);
  }
}

// -- what the server tells by itself ------------------------------------------

namespace {

std::string told(const std::string& status, const std::string& method) {
  return R"({"jsonrpc":"2.0","method":")" + method
         + R"(","params":{"taskId":"t1","status":")" + status + R"("}})";
}

} // namespace

CAF_TEST(the server is asked to tell when a task is over) {
  auto it = with_task(tool_call("dig"), http_options());
  it.pass(250ms);
  CAF_CHECK_EQUAL(it.sent()["method"], "subscriptions/listen");
  CAF_CHECK_EQUAL(to_text(it.sent()["params"]["notifications"]),
                  R"({"taskIds":["t1"]})");
  const auto listening = it.one<send>().exchange;
  it.hear(told("working", "notifications/tasks"), listening);
  CAF_CHECK(it.none<send>());
  it.hear(told("completed", "notifications/tasks"), listening);
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/get");
  const auto poll = it.one<send>();
  // Told again, it is not asked again.
  it.hear(told("completed", "notifications/tasks"), listening);
  CAF_CHECK(it.none<send>());
  it.reply(poll, modern_task("completed", {{"result", text_result("gold")}}));
  CAF_CHECK_EQUAL(result_of(it)["content"][0]["text"], "gold");
}

CAF_TEST(a server that does not tell of tasks is polled) {
  auto it = with_task(tool_call("dig"), http_options());
  it.pass(250ms);
  it.reply_error(it.one<send>(), -32601, "what?");
  it.pass(1750ms);
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/get");
  it.reply(it.one<send>(), modern_task("working"));
  it.pass(1s);
  CAF_CHECK(it.none<send>());
}

CAF_TEST(legacy servers tell of tasks by themselves) {
  driver it{stdio_options()};
  it.open_legacy(task_abilities);
  auto request = tool_call("dig");
  request.as_task = true;
  it.call(request);
  it.reply(
    it.one<send>(),
    {{"task",
      {{"taskId", "t1"}, {"status", "working"}, {"pollInterval", 60000}}}});
  it.pass(1s);
  CAF_CHECK(it.none<send>());
  it.hear(told("completed", "notifications/tasks/status"));
  CAF_CHECK_EQUAL(it.sent()["method"], "tasks/get");
  // Of tasks of others nobody here wants to hear.
  it.hear(R"({"jsonrpc":"2.0","method":"notifications/tasks/status",)"
          R"("params":{"taskId":"t9","status":"completed"}})");
  CAF_CHECK(it.none<send>());
}

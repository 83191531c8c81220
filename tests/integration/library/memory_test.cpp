// Agents by themselves: everything a run can do, and nothing that lasts.

#define CAF_SUITE library.memory

#include "integration/library/support.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <boost/describe.hpp>
#include <latch>
#include <perdure/model.hpp>
#include <thread>

using namespace std::chrono_literals;
using namespace perdure::tests;
using perdure::agent;
using perdure::json;
using perdure::run_context;
using perdure::run_state;

namespace {

struct sum_args {
  int a = 0;
  int b = 0;
};
BOOST_DESCRIBE_STRUCT(sum_args, (), (a, b))

struct customer {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(customer, (), (name))

struct advice {
  std::string text;
  int risk = 0;
};
BOOST_DESCRIBE_STRUCT(advice, (), (text, risk))

int add(const sum_args& x) {
  return x.a + x.b;
}

constexpr auto one_sum = R"([
  {"tool_calls": [{"tool": "add", "args": {"a": 2, "b": 3}}]},
  {"text": "done"}])";

} // namespace

CAF_TEST(a tool is called and the answer is the output) {
  const temp_dir place;
  agent counter{{.name = "counter", .model = script(place, one_sum)}};
  counter.tool("add", "Adds.", &add);
  const auto result = counter.run_sync("2 + 3?");
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK(static_cast<bool>(result));
  CAF_CHECK_EQUAL(result.output_as<std::string>(), "done");
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(), "[5]");
  CAF_CHECK_EQUAL(result.usage.requests, 2);
  CAF_CHECK_EQUAL(result.usage.tool_calls, 1);
  CAF_CHECK(!result.error);
  CAF_CHECK_EQUAL(result.messages.size(), 4u);
}

CAF_TEST(a run goes on from the messages of another) {
  const temp_dir place;
  agent counter{{.name = "counter", .model = script(place, one_sum)}};
  counter.tool("add", "Adds.", &add);
  const auto first = counter.run_sync("2 + 3?");
  const agent second{{.name = "second", .model = "test"}};
  const auto result
    = second.run_sync("And now?", {.message_history = first.messages});
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK_EQUAL(result.messages.size(), 6u);
}

CAF_TEST(tools see deps and instructions are filled in from them) {
  const temp_dir place;
  agent bank{{.name = "bank",
              .model = script(place, R"([{"tool_calls": [{"tool": "whoami"}]},
                                         {"text": "ok"}])"),
              .instructions = {"The customer is {{name}}."}}};
  bank.tool("whoami", "Tells.", [](const run_context& context) {
    return context.deps_as<customer>().name + "/"
           + std::to_string(context.attempt) + "/" + context.tool_name;
  });
  const auto result
    = bank.run_sync("Who am I?", {.deps = perdure::encode(customer{"Ann"})});
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(), R"(["Ann/1/whoami"])");
  CAF_CHECK_EQUAL(result.messages[0]["instructions"], "The customer is Ann.");
}

CAF_TEST(replies that are no values) {
  const temp_dir place;
  agent shop{{.name = "shop", .model = script(place, R"([
    {"tool_calls": [{"tool": "ask", "args": {}}]},
    {"tool_calls": [{"tool": "fail"}, {"tool": "throw"}, {"tool": "full"}]},
    {"text": "ok"}])")}};
  shop
    .tool("ask", "Asks.",
          [](const run_context&) -> perdure::tool_reply {
            return perdure::retry{"which one?"};
          })
    .tool("fail", "Fails.",
          []() -> perdure::tool_reply { return perdure::failed{"no stock"}; })
    .tool("throw", "Throws.", [] { throw std::runtime_error{"broken pipe"}; })
    .tool("full", "Returns.", [] {
      return perdure::tool_return{
        .value = 7, .content = "see also", .metadata = {{"k", 1}}};
    });
  const auto result = shop.run_sync("go");
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK_EQUAL(told(result, "retry-prompt").dump(), R"(["which one?"])");
  const auto returns = told(result, "tool-return");
  CAF_REQUIRE_EQUAL(returns.size(), 3u);
  CAF_CHECK_EQUAL(returns[0], "no stock");
  CAF_CHECK_EQUAL(returns[1], "tool 'throw' threw: broken pipe");
  CAF_CHECK_EQUAL(returns[2], 7);
  CAF_CHECK_EQUAL(told(result, "user-prompt").dump(), R"(["go","see also"])");
}

CAF_TEST(a tool that takes too long is given up and told to stop) {
  const temp_dir place;
  agent shop{{.name = "shop",
              .model = script(place, R"([{"tool_calls": [{"tool": "wait"}]},
                                         {"text": "ok"}])")}};
  std::atomic<bool> was_told{false};
  shop.tool("wait", "Waits.",
            [&](const run_context& context) {
              while (!context.stop.stop_requested())
                std::this_thread::sleep_for(1ms);
              was_told = true;
            },
            {.timeout = 20ms});
  const auto result = shop.run_sync("go");
  CAF_CHECK_EQUAL(told(result, "retry-prompt").dump(),
                  R"(["Timed out after 0.02 seconds."])");
  CAF_CHECK(was_told); // the node has waited for it
}

CAF_TEST(tools that block run at the same time) {
  const temp_dir place;
  constexpr std::ptrdiff_t count = 12; // more than there are cores
  auto calls = json::array();
  for (std::ptrdiff_t i = 0; i < count; ++i)
    calls.push_back({{"tool", "meet"}});
  const json responses{{{"tool_calls", calls}}, {{"text", "met"}}};
  agent shop{{.name = "shop", .model = script(place, responses.dump())}};
  std::latch all{count};
  shop.tool("meet", "Waits for the others.", [&] { all.arrive_and_wait(); });
  CAF_CHECK_EQUAL(shop.run_sync("go").output_as<std::string>(), "met");
}

CAF_TEST(a typed output and a check that asks for a better one) {
  const temp_dir place;
  agent bank{{.name = "bank",
              .model = script(place, R"([
    {"tool_calls": [{"tool": "final_result", "args": {"text": "x", "risk": 9}}]},
    {"tool_calls": [{"tool": "final_result", "args": {"text": "y"}}]},
    {"tool_calls": [{"tool": "final_result", "args": {"text": "z", "risk": 1}}]}
    ])"),
              .output_retries = 2}};
  bank.output<advice>();
  bank.output_validator([](const advice& x) -> perdure::output_reply {
    if (x.risk > 5)
      return perdure::retry{"too risky"};
    return advice{x.text + "!", x.risk};
  });
  const auto result = bank.run_sync("what now?");
  CAF_REQUIRE(result.state == run_state::completed);
  CAF_CHECK_EQUAL(result.output_as<advice>().text, "z!");
  CAF_CHECK_EQUAL(
    refusal([&] { static_cast<void>(result.output_as<std::string>()); }),
    "invalid_argument");
}

CAF_TEST(an output function makes the output) {
  const temp_dir place;
  agent shop{{.name = "shop", .model = script(place, R"([
    {"tool_calls": [{"tool": "final_result", "args": {"a": 4, "b": 5}}]}])")}};
  shop.output_function(
    "Adds.", [](const run_context& context, const sum_args& x) {
      return json{{"run", !context.run_id.empty()}, {"sum", x.a + x.b}};
    });
  CAF_CHECK_EQUAL(shop.run_sync("4 + 5?").output.dump(),
                  R"({"run":true,"sum":9})");
}

CAF_TEST(a run that fails says why) {
  const temp_dir place;
  agent counter{{.name = "counter", .model = script(place, one_sum)}};
  counter.tool("add", "Adds.", &add);
  const auto result = counter.run_sync(
    "2 + 3?", {.usage_limits = perdure::usage_limits{.request_limit = 1}});
  CAF_CHECK(result.state == run_state::failed);
  CAF_CHECK(!result);
  CAF_REQUIRE(result.error);
  CAF_CHECK_EQUAL(result.error->type, "usage_limit_exceeded");
  CAF_CHECK_EQUAL(
    refusal([&] { static_cast<void>(result.output_as<std::string>()); }),
    "usage_limit_exceeded");
}

CAF_TEST(what cannot be asked is thrown) {
  const agent nobody{{.name = "nobody"}};
  CAF_CHECK_EQUAL(refusal([&] { nobody.run_sync("hello"); }),
                  "invalid_argument");
  CAF_CHECK_EQUAL(
    refusal([&] { nobody.run_sync("hello", {.model = "nowhere:x"}); }),
    "unknown_model");
  CAF_CHECK_EQUAL(refusal([&] {
                    nobody.run_sync("hello", {.message_history = {{"a", 1}},
                                              .model = "test"});
                  }),
                  "invalid_message_history");
}

CAF_TEST(a run that waits for a person comes back with its question) {
  const temp_dir place;
  agent shop{{.name = "shop", .model = script(place, one_sum)}};
  shop.tool("add", "Adds.", &add, {.requires_approval = true});
  const auto result = shop.run_sync("go");
  CAF_CHECK(result.state == run_state::waiting);
  CAF_REQUIRE_EQUAL(result.approvals.size(), 1u);
  CAF_CHECK_EQUAL(result.approvals[0].tool_name, "add");
}

CAF_TEST(the words of the model are told while it says them) {
  const temp_dir place;
  const agent talker{
    {.name = "talker",
     .model = script(place, R"([{"text": "one two three"}])")}};
  std::string heard;
  std::vector<std::string> kinds;
  auto future = talker.run("speak", {.wait = {.on_event = [&](const auto& x) {
                                       heard += x.text();
                                       kinds.push_back(x.kind);
                                     }}});
  const auto result = future.get();
  CAF_CHECK_EQUAL(heard, "one two three");
  CAF_CHECK_EQUAL(result.output_as<std::string>(), heard);
  CAF_REQUIRE(!kinds.empty());
  CAF_CHECK_EQUAL(kinds.front(), "run_state");
  CAF_CHECK_EQUAL(kinds.back(), "run_state");
}

CAF_TEST(a model by itself) {
  const temp_dir place;
  const perdure::model echo{script(place, R"([{"text": "pong"}])")};
  const auto answer = echo.request("ping");
  CAF_CHECK_EQUAL(answer.text, "pong");
  CAF_CHECK_EQUAL(answer.message["kind"], "response");
  CAF_CHECK_EQUAL(answer.usage.requests, 1);
  const perdure::model broken{script(place, R"([
    {"error": {"status": 400, "message": "too long"}}])")};
  CAF_CHECK_EQUAL(refusal([&] { static_cast<void>(broken.request("ping")); }),
                  "model_http_error");
}

// Agents whose runs last, and the node that they share.

#define CAF_SUITE library.durable

#include "integration/library/support.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "support/api_client.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace perdure::tests;
using perdure::agent;
using perdure::durable_agent;
using perdure::json;
using perdure::node;
using perdure::run_context;
using perdure::run_state;

namespace {

constexpr auto one_note = R"([
  {"tool_calls": [{"tool": "note"}]}, {"text": "noted"}])";

/// An agent that counts the calls of its only tool.
struct noter {
  explicit noter(const temp_dir& place)
    : built{{.name = "noter", .model = script(place, one_note)}} {
    built.tool("note", "Notes.", [this] { return ++calls; });
  }

  std::atomic<int> calls{0};
  agent built;
};

std::string data_dir(const temp_dir& place) {
  return (place.path() / "data").string();
}

} // namespace

CAF_TEST(a run id that is given again attaches to the run) {
  const temp_dir place;
  noter counted{place};
  std::string run_id;
  {
    durable_agent durable{counted.built, {}, {.data_dir = data_dir(place)}};
    const auto first = durable.run_sync("note it", {.run_id = "note-1"});
    CAF_CHECK(first.state == run_state::completed);
    const auto again = durable.run_sync("note it", {.run_id = "note-1"});
    CAF_CHECK_EQUAL(again.run_id, first.run_id);
    CAF_CHECK_EQUAL(again.output.dump(), R"("noted")");
    run_id = first.run_id;
  }
  durable_agent later{counted.built, {}, {.data_dir = data_dir(place)}};
  const auto result = later.run_sync("note it", {.run_id = "note-1"});
  CAF_CHECK_EQUAL(result.run_id, run_id);
  CAF_CHECK_EQUAL(result.output.dump(), R"("noted")");
  CAF_CHECK_EQUAL(counted.calls.load(), 1);
  // It is asked for something else under a name that is taken.
  CAF_CHECK_EQUAL(
    refusal([&] { later.run_sync("do not", {.run_id = "note-1"}); }),
    "conflict");
  CAF_CHECK_EQUAL(later.node().run("note-1").run_id, run_id);
  CAF_CHECK_EQUAL(later.node().run(run_id).run_id, run_id);
  CAF_CHECK_EQUAL(
    refusal([&] { static_cast<void>(later.node().run("note-2")); }),
    "run_not_found");
}

CAF_TEST(futures and callbacks) {
  const temp_dir place;
  noter counted{place};
  durable_agent durable{counted.built, {}, {.data_dir = data_dir(place)}};
  auto future = durable.run("note it");
  std::promise<perdure::run_result> told;
  const auto run_id
    = durable.run("note it", {}, [&](auto x) { told.set_value(std::move(x)); });
  const auto result = told.get_future().get();
  CAF_CHECK_EQUAL(result.run_id, run_id);
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK(future.get().state == run_state::completed);
  CAF_CHECK_EQUAL(counted.calls.load(), 2);
}

CAF_TEST(an event handler is told of everything in order) {
  const temp_dir place;
  noter counted{place};
  std::mutex mutex;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> kinds;
  std::vector<std::string> keys;
  counted.built.event_handler(
    "audit", [&](const perdure::event& event, const run_context& context) {
      const std::lock_guard lock{mutex};
      keys.push_back(context.idempotency_key);
      if (event.kind == "function_tool_result" && context.attempt == 1)
        throw std::runtime_error{"not yet"};
      numbers.push_back(event.sequence);
      kinds.push_back(event.kind);
    });
  CAF_CHECK_EQUAL(refusal([&] { counted.built.event_handler("audit", {}); }),
                  "invalid_argument");
  durable_agent durable{
    counted.built,
    {.event_stream_handler_task_config = {.retry_delays = {1ms}}},
    {.data_dir = data_dir(place)}};
  const auto result = durable.run_sync("note it");
  CAF_CHECK(result.state == run_state::completed);
  // The run does not wait for it.
  CAF_REQUIRE(wait_until([&] {
    const std::lock_guard lock{mutex};
    return std::count(kinds.begin(), kinds.end(), "run_state") == 2;
  }));
  CAF_CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  CAF_CHECK(std::set(numbers.begin(), numbers.end()).size() == numbers.size());
  CAF_CHECK_EQUAL(kinds.back(), "run_state");
  CAF_CHECK_EQUAL(keys.size(), numbers.size() + 1);
  CAF_CHECK_EQUAL(keys.front(), result.run_id + "/event/audit/1000001");
}

CAF_TEST(attempts of a tool share an idempotency key) {
  const temp_dir place;
  agent flaky{{.name = "flaky", .model = script(place, one_note)}};
  std::mutex mutex;
  std::vector<std::string> keys;
  flaky.tool("note", "Notes.", [&](const run_context& context) {
    const std::lock_guard lock{mutex};
    keys.push_back(context.idempotency_key);
    if (context.attempt < 3)
      throw std::runtime_error{"not yet"};
    return context.attempt;
  });
  durable_agent durable{flaky,
                        {.tool_task_config = {.retry_delays = {1ms}},
                         .tool_task_config_by_name
                         = {{"note", perdure::task_config{.retries = 2}}}},
                        {.data_dir = data_dir(place)}};
  const auto result = durable.run_sync("go");
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(), "[3]");
  CAF_REQUIRE_EQUAL(keys.size(), 3u);
  CAF_CHECK_EQUAL(keys[0], keys[1]);
  CAF_CHECK_EQUAL(keys[0], keys[2]);
}

CAF_TEST(agents share a node that serves the API) {
  const temp_dir place;
  noter counted{place};
  const agent tester{{.name = "tester", .model = "test"}};
  node shared{{.data_dir = data_dir(place), .listen = "127.0.0.1:0"}};
  durable_agent first{counted.built, shared};
  durable_agent second{tester, shared};
  CAF_CHECK_EQUAL(refusal([&] { shared.add(tester); }), "conflict");
  CAF_CHECK_EQUAL(refusal([&] { second.run_sync("early"); }), "conflict");
  shared.start();
  CAF_CHECK_EQUAL(
    refusal([&] { shared.add(agent{{.name = "late", .model = "test"}}); }),
    "conflict");
  CAF_CHECK(second.run_sync("hello").state == run_state::completed);
  const api_client api{shared.port(), shared.token()};
  const auto run = api.run({{"agent", "noter"}, {"prompt", "note it"}});
  CAF_CHECK_EQUAL(run["output"], "noted");
  CAF_CHECK_EQUAL(counted.calls.load(), 1);
  CAF_CHECK_EQUAL(shared.run(run["id"].get<std::string>()).output, "noted");
}

CAF_TEST(settings for a tool that is not there are refused) {
  const temp_dir place;
  noter counted{place};
  node shared{{.data_dir = data_dir(place)}};
  CAF_CHECK_EQUAL(refusal([&] {
                    shared.add(counted.built, {.tool_task_config_by_name
                                               = {{"nte", perdure::disabled}}});
                  }),
                  "invalid_argument");
  shared.add(counted.built,
             {.tool_task_config_by_name = {{"note", perdure::disabled}}});
  shared.start();
  CAF_CHECK(shared.wait(shared.start_run("noter", "go")).state
            == run_state::completed);
}

CAF_TEST(a data directory has one node) {
  const temp_dir place;
  noter counted{place};
  durable_agent first{counted.built, {}, {.data_dir = data_dir(place)}};
  CAF_CHECK_EQUAL(
    refusal([&] {
      durable_agent second{counted.built, {}, {.data_dir = data_dir(place)}};
    }),
    "storage_locked");
}

CAF_TEST(runs of a program are left alone by nodes without its functions) {
  const temp_dir place;
  noter counted{place};
  agent asker = counted.built;
  asker.tool("sure", "Asks.", [] {}, {.requires_approval = true});
  const auto model = place.write("ask.json", R"({"responses": [
    {"tool_calls": [{"tool": "sure"}, {"tool": "note"}]}, {"text": "ok"}]})");
  std::string run_id;
  {
    durable_agent durable{asker, {}, {.data_dir = data_dir(place)}};
    const auto result
      = durable.run_sync("go", {.run_id = "left",
                                .model = "script:" + model.string(),
                                .wait = {.return_when_waiting = true}});
    CAF_CHECK(result.state == run_state::waiting);
    run_id = result.run_id;
  }
  {
    node other{{.data_dir = data_dir(place)}};
    other.add(agent{{.name = "another", .model = "test"}});
    other.start();
    const auto questions = other.approvals();
    CAF_REQUIRE_EQUAL(questions.size(), 1u);
    CAF_CHECK_EQUAL(
      refusal([&] { other.answer(questions[0], perdure::approve()); }),
      "unavailable");
    CAF_CHECK(other.run("left").state == run_state::waiting);
  }
  durable_agent durable{asker, {}, {.data_dir = data_dir(place)}};
  durable.node().answer(durable.node().approvals().at(0), perdure::approve());
  CAF_CHECK(durable.node().wait(run_id).state == run_state::completed);
  CAF_CHECK_EQUAL(counted.calls.load(), 1);
}

CAF_TEST(a run is cancelled) {
  const temp_dir place;
  agent waiter{{.name = "waiter", .model = script(place, one_note)}};
  std::atomic<bool> has_begun{false};
  std::atomic<bool> was_stopped{false};
  waiter.tool("note", "Waits.", [&](const run_context& context) {
    has_begun = true;
    was_stopped = wait_until([&] { return context.stop.stop_requested(); });
  });
  durable_agent durable{waiter, {}, {.data_dir = data_dir(place)}};
  auto future = durable.run("go", {.run_id = "slow"});
  CAF_REQUIRE(wait_until([&] { return has_begun.load(); }));
  durable.node().cancel("slow", "no need");
  const auto result = future.get();
  CAF_CHECK(result.state == run_state::cancelled);
  CAF_REQUIRE(result.error);
  CAF_CHECK_EQUAL(result.error->message, "no need");
  durable.node().stop();
  CAF_CHECK(was_stopped);
}

CAF_TEST(a node that stops tells those who wait) {
  const temp_dir place;
  agent waiter{{.name = "waiter", .model = script(place, one_note)}};
  std::atomic<bool> has_begun{false};
  waiter.tool("note", "Waits.", [&](const run_context& context) {
    has_begun = true;
    wait_until([&] { return context.stop.stop_requested(); });
  });
  durable_agent durable{waiter, {}, {.data_dir = data_dir(place)}};
  auto future = durable.run("go");
  CAF_REQUIRE(wait_until([&] { return has_begun.load(); }));
  durable.node().stop();
  const auto result = future.get();
  CAF_REQUIRE(result.error);
  CAF_CHECK_EQUAL(result.error->type, "unavailable");
  CAF_CHECK_EQUAL(refusal([&] { durable.run_sync("more"); }), "unavailable");
}

CAF_TEST(a handler of events that throws does not harm the run) {
  const temp_dir place;
  noter counted{place};
  durable_agent durable{counted.built, {}, {.data_dir = data_dir(place)}};
  const auto result
    = durable.run_sync("go", {.wait = {.on_event = [](const perdure::event&) {
                                throw std::runtime_error{"mine"};
                              }}});
  CAF_CHECK(result.state == run_state::completed);
}

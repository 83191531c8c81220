// Watchers of a run: many, slow, gone, or late.

#define CAF_SUITE fault.watch

#include "fault/event_reader.hpp"
#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <sys/resource.h>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

std::string words(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += "word" + std::to_string(i) + " ";
  return out + "end.";
}

/// Reads from all until each has ended. @returns how many did in time
std::size_t read_all(std::deque<event_reader>& readers) {
  const auto is_over = [](event_reader& x) { return x.connection().ended; };
  wait_until([&] {
    for (auto& reader : readers)
      reader.connection().read(std::chrono::milliseconds{0});
    return std::all_of(readers.begin(), readers.end(), is_over);
  });
  return static_cast<std::size_t>(
    std::count_if(readers.begin(), readers.end(), is_over));
}

std::string texts_of(const std::vector<run_event>& events) {
  std::string out;
  for (const auto& event : events)
    out += event.text + "\n\n";
  return out;
}

bool is_end(const run_event& event) {
  return event.kind == "run_state" && event.data["state"] == "completed";
}

/// Descriptors for several hundred connections of one's own.
void raise_descriptor_limit() {
  rlimit limit{};
  CAF_REQUIRE_EQUAL(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  CAF_REQUIRE_EQUAL(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  CAF_REQUIRE(limit.rlim_cur > 600u);
}

} // namespace

CAF_TEST(five hundred watchers see the same) {
  constexpr std::size_t watchers = 500;
  raise_descriptor_limit();
  rig rig;
  rig.write_agent("speaker",
                  json::array({calls({"hold"}), json{{"text", words(100)},
                                                     {"word_delay_ms", 2}}}),
                  {rig.gated_tool("hold")});
  rig.node.start();
  const auto run_id = rig.create("speaker");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 1; }));
  std::deque<event_reader> readers;
  for (std::size_t i = 0; i < watchers; ++i)
    readers.emplace_back(rig, run_id);
  // All are there before anything more happens.
  for (auto& reader : readers)
    CAF_REQUIRE(reader.read_until([](const auto& events) {
      return !events.empty() && events.back().kind == "function_tool_call";
    }));
  rig.open_gate();
  CAF_CHECK_EQUAL(read_all(readers), watchers);
  const auto first = readers.front().events();
  CAF_REQUIRE(!first.empty());
  CAF_CHECK(is_end(first.back()));
  CAF_CHECK_EQUAL(std::count_if(first.begin(), first.end(),
                                [](const run_event& event) {
                                  return event.kind == "part_delta";
                                }),
                  101);
  const auto expected = texts_of(first);
  for (const auto& reader : readers)
    CAF_CHECK(texts_of(reader.events()) == expected);
  CAF_CHECK(rig.node.api().is_healthy());
}

CAF_TEST(a watcher that comes as the run ends sees the end) {
  constexpr int rounds = 60;
  constexpr std::size_t batch = 10;
  rig rig;
  rig.write_agent("quick",
                  json::array({json{{"text", "done"}, {"word_delay_ms", 0}}}));
  rig.node.start();
  std::size_t ended = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::string> ids;
    std::deque<event_reader> readers;
    for (std::size_t i = 0; i < batch; ++i) {
      ids.push_back(rig.create("quick"));
      readers.emplace_back(rig, ids.back());
    }
    const auto over = read_all(readers);
    ended += over;
    for (const auto& reader : readers) {
      const auto events = reader.events();
      CAF_CHECK(!events.empty() && is_end(events.back()));
    }
    CAF_REQUIRE_EQUAL(over, batch);
  }
  CAF_CHECK_EQUAL(ended, rounds * batch);
}

CAF_TEST(a watcher that reads nothing is cut off and holds nobody up) {
  rig rig;
  const std::string large(3'000'000, 'x');
  auto responses = json::array();
  for (int i = 0; i < 6; ++i) {
    auto response = calls({"note"});
    response["text"] = large;
    responses.push_back(std::move(response));
  }
  responses.push_back(json{{"text", "done"}});
  rig.write_agent("speaker", responses, {rig.gated_tool("note")});
  rig.node.start();
  const auto run_id = rig.create("speaker");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 1; }));
  auto request
    = request_text("GET", "/v1/runs/" + run_id + "/events", rig.token());
  request.replace(request.find("HTTP/1.0"), 8, "HTTP/1.1");
  raw_connection slow{rig.node.api().port(), request, 4'096};
  event_reader quick{rig, run_id};
  CAF_REQUIRE(quick.read_until([](const auto& x) { return !x.empty(); }));
  rig.open_gate();
  CAF_CHECK(quick.read_to_end());
  CAF_CHECK_EQUAL(rig.end_of(run_id), "completed");
  const auto events = quick.events();
  CAF_REQUIRE(!events.empty());
  CAF_CHECK(is_end(events.back()));
  // What it gets is less than all, and does not look like all.
  CAF_CHECK(slow.read_to_end());
  CAF_CHECK(slow.received.size() < quick.connection().received.size());
  CAF_CHECK(!slow.received.ends_with("0\r\n\r\n"));
  CAF_CHECK(rig.node.api().is_healthy());
}

CAF_TEST(a client that leaves while it waits does not stop its run) {
  rig rig;
  rig.write_agent("worker",
                  json::array({calls({"hold"}), json{{"text", "done"}}}),
                  {rig.gated_tool("hold")});
  rig.node.start();
  {
    const raw_connection client{
      rig.node.api().port(),
      request_text("POST", "/v1/runs?wait=600", rig.token(), {},
                   R"({"agent": "worker", "prompt": "go"})")};
    CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 1; }));
  }
  rig.open_gate();
  const auto listed = rig.node.api().get("/v1/runs").value();
  CAF_REQUIRE_EQUAL(listed["runs"].size(), 1u);
  const auto run = rig.finished(listed["runs"][0]["id"].get<std::string>());
  CAF_CHECK_EQUAL(run["output"], "done");
}

CAF_TEST(a wait ends without an end of the run) {
  rig rig;
  rig.write_agent("worker",
                  json::array({calls({"hold"}), json{{"text", "done"}}}),
                  {rig.gated_tool("hold")});
  rig.node.start();
  const auto body = R"({"agent": "worker", "prompt": "go"})";
  const std::vector<std::string> key{"Idempotency-Key: once"};
  const auto first = rig.node.api().post("/v1/runs?wait=1", body, key);
  CAF_CHECK_EQUAL(first.status, 201);
  const auto begun = first.value();
  CAF_CHECK_EQUAL(begun["state"], "running");
  rig.open_gate();
  const auto second = rig.node.api().post("/v1/runs?wait=60", body, key);
  CAF_CHECK_EQUAL(second.status, 200);
  const auto ended = second.value();
  CAF_CHECK_EQUAL(ended["id"], begun["id"]);
  CAF_CHECK_EQUAL(ended["output"], "done");
  CAF_CHECK_EQUAL(rig.effect_count(), 1u);
}

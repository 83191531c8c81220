#define CAF_SUITE client.follow

#include "runtime/agent/definition.hpp"
#include "runtime/flow/events.hpp"
#include "tools/perdure/follow.hpp"
#include "unit/client/support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::client;
using namespace std::chrono_literals;
using runtime::errc;
using runtime::json;

namespace {

std::string frame(std::uint64_t sequence, json event) {
  const json envelope{{"run_id", test_run_id},
                      {"seq", sequence},
                      {"time", "2026-01-02T03:04:05Z"},
                      {"event", std::move(event)}};
  return "id: " + std::to_string(sequence)
         + "\nevent: x\ndata: " + runtime::to_text(envelope) + "\n\n";
}

std::string piece(std::uint64_t sequence, const std::string& text) {
  return frame(sequence, {{"event_kind", "text"}, {"text", text}});
}

std::string ending(std::uint64_t sequence) {
  return frame(sequence, {{"event_kind", "run_state"}, {"state", "completed"}});
}

struct fixture {
  scripted_connection connection;
  test_clock clock;
  api node{connection, test_settings(), clock.parts()};
  std::string told;
  int outages = 0;
  int returns = 0;
  int events_max = 1'000;

  runtime::result<follow_end> run(bool live = true) {
    follow_listener listener;
    listener.on_event = [this](const json& envelope) {
      const auto found = envelope["event"].find("text");
      told += found == envelope["event"].end() ? std::string{"."}
                                               : found->get<std::string>();
      return --events_max > 0;
    };
    listener.on_outage = [this] { ++outages; };
    listener.on_return = [this] { ++returns; };
    follower under_test{node, {test_run_id, live}, std::move(listener)};
    return under_test.run();
  }

  std::string last_event_id(std::size_t request) {
    for (const auto& [name, value] : connection.requests.at(request).headers)
      if (name == "Last-Event-ID")
        return value;
    return "none";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(follow_tests, fixture)

CAF_TEST(events are told until the run ends) {
  const auto first = piece(1'000'001, "a");
  connection.stream({first.substr(0, 20), first.substr(20), ": still here\n\n",
                     ending(2'000'001), piece(9, "late")});
  const auto end = run();
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::ended);
  CAF_CHECK_EQUAL(told, "a.");
  CAF_CHECK_EQUAL(connection.requests.size(), 1u);
  CAF_CHECK_EQUAL(last_event_id(0), "none");
}

CAF_TEST(after an outage it goes on behind the last event) {
  connection.stream({piece(1'000'001, "a"), piece(1'500'001, "b"),
                     piece(1'500'002, "c").substr(0, 30)},
                    link::lost);
  connection.fail(link::refused);
  connection.reply(503);
  connection.fail(link::refused);
  connection.stream(
    {piece(1'500'001, "b"), piece(1'500'002, "c"), ending(2'000'001)});
  const auto end = run();
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::ended);
  CAF_CHECK_EQUAL(told, "abc.");
  CAF_CHECK_EQUAL(last_event_id(4), "1500001");
  CAF_CHECK_EQUAL(outages, 1);
  CAF_CHECK_EQUAL(returns, 1);
}

CAF_TEST(a short break is no outage) {
  connection.stream({piece(1'000'001, "a")});
  connection.stream({ending(2'000'001)});
  CAF_CHECK(run());
  CAF_CHECK_EQUAL(outages, 0);
  CAF_CHECK_EQUAL(returns, 0);
}

CAF_TEST(a node that stays away is given up after a minute) {
  connection.stream({piece(1'000'001, "a")}, link::lost);
  const auto start = clock.time;
  const auto end = run();
  CAF_REQUIRE(!end);
  CAF_CHECK(end.error().code == errc::unavailable);
  CAF_CHECK(clock.time - start >= 60s);
  CAF_CHECK(clock.time - start < 65s);
  CAF_CHECK_EQUAL(outages, 1);
}

CAF_TEST(a node that keeps ending the stream is given up too) {
  for (int i = 0; i < 200; ++i)
    connection.stream({});
  const auto end = run();
  CAF_REQUIRE(!end);
  CAF_CHECK(end.error().code == errc::unavailable);
  CAF_CHECK(connection.requests.size() < 60);
}

CAF_TEST(a run that is not there is not waited for) {
  connection.reply(
    404, R"({"error": {"type": "run_not_found", "message": "no such run"}})");
  const auto end = run();
  CAF_REQUIRE(!end);
  CAF_CHECK(end.error().code == errc::run_not_found);
  CAF_CHECK_EQUAL(end.error().message, "no such run");
  CAF_CHECK(clock.waits.empty());
}

CAF_TEST(pieces that share the highest number are all told) {
  connection.stream({piece(1'999'998, "a"), piece(1'999'999, "b"),
                     piece(1'999'999, "c"), ending(2'000'001)});
  CAF_CHECK(run());
  CAF_CHECK_EQUAL(told, "abc.");
}

CAF_TEST(what is stored ends without the end of the run) {
  connection.stream({piece(1'000'001, "a")});
  const auto end = run(false);
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::ended);
  CAF_CHECK(connection.requests.front().target.ends_with("?follow=false"));
}

CAF_TEST(the listener can stop it) {
  events_max = 1;
  connection.stream({piece(1'000'001, "a"), piece(1'000'002, "b")});
  const auto end = run();
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::stopped);
  CAF_CHECK_EQUAL(told, "a");
}

CAF_TEST(an interrupt ends it while connected and while waiting) {
  connection.fail(link::interrupted);
  auto end = run();
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::interrupted);
  clock.interrupts = true;
  connection.fail(link::lost);
  end = run();
  CAF_REQUIRE(end);
  CAF_CHECK(*end == follow_end::interrupted);
}

CAF_TEST(data that is not JSON is passed over) {
  connection.stream(
    {"data: {\n\n", "data: [1]\n\n", piece(1'000'001, "a"), ending(2'000'001)});
  CAF_CHECK(run());
  CAF_CHECK_EQUAL(told, "a.");
}

// The node's own stream of events, cut off at every place.
CAF_TEST(the stream of a node is told once wherever it is cut off) {
  auto definition = std::make_shared<runtime::agent_definition>();
  const auto make = [&](std::uint64_t after) {
    runtime::event_stream stream{definition, after};
    std::vector<std::string> out;
    const auto add = [&](const std::vector<runtime::event_envelope>& events) {
      for (const auto& x : events)
        out.push_back("id: " + std::to_string(x.sequence) + "\ndata: "
                      + runtime::to_text(to_json(x, test_run_id)) + "\n\n");
    };
    const runtime::entry created
      = runtime::run_created{test_time(), test_run_id, {}, {}, {}, {}};
    runtime::run_ended last;
    last.output = "ab";
    add(stream.on_entry(1, created));
    add(stream.on_entry(2, last));
    return out;
  };
  const auto whole = make(0);
  CAF_REQUIRE_EQUAL(whole.size(), 3u);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    told.clear();
    const std::vector<std::string> first{
      whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)};
    connection.stream(first, link::lost);
    const auto last_id = cut == 0 ? 0 : std::stoull(whole[cut - 1].substr(4));
    connection.stream(make(last_id));
    CAF_REQUIRE(run());
    CAF_CHECK_EQUAL(told, "...");
    CAF_CHECK(connection.steps.empty());
  }
}

CAF_TEST(a reader that has stopped may go on behind the last event) {
  connection.stream({piece(1'000'001, "a"), piece(1'000'002, "b")});
  connection.stream({piece(1'000'002, "b"), ending(2'000'001)});
  std::string seen;
  follow_listener listener;
  listener.on_event = [&](const json& envelope) {
    seen += envelope["event"].value("text", std::string{"."});
    return seen != "a";
  };
  follower events{node, {test_run_id, true}, std::move(listener)};
  const auto first = events.run();
  CAF_REQUIRE(first);
  CAF_CHECK(*first == follow_end::stopped);
  const auto second = events.run();
  CAF_REQUIRE(second);
  CAF_CHECK(*second == follow_end::ended);
  CAF_CHECK_EQUAL(seen, "ab.");
  CAF_CHECK_EQUAL(last_event_id(1), "1000001");
}

CAF_TEST_FIXTURE_SCOPE_END()

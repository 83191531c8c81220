// Goal: a watcher that comes back with the last event it has misses nothing but
//       deltas, in whose place it gets the finished parts.

#define CAF_SUITE fault.resume

#include "fault/event_reader.hpp"
#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <random>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

std::string speech() {
  std::string out;
  for (int i = 0; i < 60; ++i)
    out += "word" + std::to_string(i) + " ";
  return out + "end.";
}

void write_agent(const rig& rig, int word_delay_ms) {
  auto first = calls({"note", "note"});
  first["thinking"] = "Two notes will do.";
  first["text"] = "Let me take notes.";
  rig.write_agent(
    "speaker",
    json::array({first, json{{"error", {{"status", 503}}}}, calls({"note"}),
                 json{{"text", speech()}, {"word_delay_ms", word_delay_ms}}}),
    {rig.tool("note"),
     json{{"Durability", {{"model", {{"retry_delay_seconds", 0.02}}}}}}});
}

/// All that a run that has ended has to tell.
std::vector<run_event>
all_events(const rig& rig, const std::string& run_id, std::uint64_t after = 0) {
  event_reader reader{rig, run_id, after};
  CAF_REQUIRE(reader.read_to_end());
  return reader.events();
}

std::vector<std::string> texts_of(const std::vector<run_event>& events) {
  std::vector<std::string> out;
  for (const auto& event : events)
    out.push_back(event.text);
  return out;
}

bool is_delta(const run_event& event) {
  return event.kind == "part_delta";
}

/// Of a response's content; it may come live or with the journal.
bool is_part(const run_event& event) {
  return event.kind == "part_start" || event.kind == "part_end"
         || event.kind == "final_result" || is_delta(event);
}

void check_ascending(const std::vector<run_event>& events) {
  for (std::size_t i = 1; i < events.size(); ++i)
    CAF_CHECK(events[i - 1].id < events[i].id);
}

/// What `received` came to, against what the journal says of the run.
void check_nothing_missed(const std::vector<run_event>& received,
                          const std::vector<run_event>& journal) {
  check_ascending(received);
  std::vector<std::string> wanted;
  std::vector<std::string> got;
  for (const auto& event : journal)
    if (!is_part(event))
      wanted.push_back(event.text);
  for (const auto& event : received)
    if (!is_part(event))
      got.push_back(event.text);
  CAF_CHECK_EQUAL(got, wanted);
  // Each finished part of the journal came whole, at least once.
  for (const auto& event : journal) {
    if (event.kind != "part_end")
      continue;
    const auto same = [&](const run_event& x) {
      return x.kind == "part_end" && x.data["part"] == event.data["part"];
    };
    CAF_CHECK(std::any_of(received.begin(), received.end(), same));
  }
}

} // namespace

CAF_TEST(every offset of a finished run gives the rest) {
  rig rig;
  write_agent(rig, 0);
  rig.node.start();
  const auto run_id = rig.create("speaker");
  CAF_REQUIRE_EQUAL(rig.end_of(run_id), "completed");
  const auto all = all_events(rig, run_id);
  CAF_REQUIRE(all.size() > 20u);
  check_ascending(all);
  const auto texts = texts_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto rest = texts_of(all_events(rig, run_id, all[i].id));
    CAF_CHECK_EQUAL(
      rest, std::vector<std::string>(
              texts.begin() + static_cast<std::ptrdiff_t>(i) + 1, texts.end()));
  }
  // The same after a restart, and behind the end there is nothing.
  rig.node.kill9();
  rig.node.start();
  CAF_CHECK_EQUAL(texts_of(all_events(rig, run_id)), texts);
  CAF_CHECK(all_events(rig, run_id, all.back().id + 5'000'000).empty());
}

CAF_TEST(a live stream goes on after a kill in the middle of a response) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  std::uniform_int_distribution<int> moment_ms{1, 500};
  rig rig;
  write_agent(rig, 40);
  rig.node.start();
  const auto run_id = rig.create("speaker");
  std::vector<run_event> received;
  for (int kill = 0; kill < 4; ++kill) {
    event_reader reader{rig, run_id, received.empty() ? 0 : received.back().id};
    // The first kill meets a response of which parts were seen. Later readers
    // may miss its beginning, and then get it whole or not at all yet.
    if (kill == 0)
      CAF_REQUIRE(reader.read_until([](const auto& events) {
        return std::any_of(events.begin(), events.end(), is_delta);
      }));
    const auto moment = std::chrono::steady_clock::now()
                        + std::chrono::milliseconds{moment_ms(random)};
    CAF_REQUIRE(reader.read_until([moment](const auto&) {
      return std::chrono::steady_clock::now() >= moment;
    }));
    rig.node.kill9();
    CAF_CHECK(reader.read_to_end());
    const auto events = reader.events();
    received.insert(received.end(), events.begin(), events.end());
    rig.node.start();
  }
  const auto rest = all_events(rig, run_id, received.back().id);
  received.insert(received.end(), rest.begin(), rest.end());
  const auto run = rig.finished(run_id);
  CAF_CHECK_EQUAL(run["output"], speech());
  check_nothing_missed(received, all_events(rig, run_id));
}

CAF_TEST(a live stream goes on after a reader left in the middle) {
  rig rig;
  write_agent(rig, 15);
  rig.node.start();
  const auto run_id = rig.create("speaker");
  std::vector<run_event> received;
  {
    event_reader reader{rig, run_id};
    CAF_REQUIRE(reader.read_until([&](const auto& events) {
      return std::count_if(events.begin(), events.end(), is_delta) >= 10;
    }));
    received = reader.events();
  }
  const auto rest = all_events(rig, run_id, received.back().id);
  received.insert(received.end(), rest.begin(), rest.end());
  check_nothing_missed(received, all_events(rig, run_id));
}

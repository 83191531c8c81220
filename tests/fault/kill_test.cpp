// Goal: whatever the moment at which the node is killed, every accepted run is
//       there and completes (D1), and no task with an outcome is executed again
//       (D3).
// Method: the real program, SIGKILL at random moments while clients create runs
//         and two hundred of them are under way. Each execution of a tool
//         leaves a line in a file, named by its idempotency key.

#define CAF_SUITE fault.kill

#include "fault/event_reader.hpp"
#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::size_t runs_max = 200;
constexpr std::size_t kills_max = 50;
constexpr std::size_t clients_max = 4;
constexpr auto output = "Everything is done.";

/// Parallel, sequential, slow, failing and unrepeatable tools, and a provider
/// that fails now and then.
void write_agent(const rig& rig) {
  auto responses = json::array();
  for (int round = 0; round < 5; ++round) {
    responses.push_back(calls({"note", "slow", "note"}, 120));
    responses.push_back(
      json{{"error", {{"status", 503}, {"message", "busy"}}}});
    responses.push_back(calls({"step", "note", "step"}, 90));
    responses.push_back(calls({"pay", "flaky"}, 90));
  }
  responses.push_back(json{{"text", output}, {"word_delay_ms", 20}});
  const auto flaky = rig.node.place().write("tools/flaky",
                                            R"(#!/bin/sh
echo "$PERDURE_IDEMPOTENCY_KEY $PERDURE_ATTEMPT $$" >> "$1"
[ "$PERDURE_ATTEMPT" -ge 2 ] || exit 1
echo again and again
)",
                                            true);
  const json durability{
    {"Durability",
     {{"model", {{"retries", 3}, {"retry_delay_seconds", 0.03}}},
      {"tools_by_name",
       {{"pay", {{"on_interrupt", "fail"}}},
        {"flaky", {{"retries", 2}, {"retry_delay_seconds", 0.02}}}}}}}};
  rig.write_agent(
    "worker", responses,
    {rig.tool("note"), rig.tool("slow", "0.1"),
     rig.tool("step", "0", {{"sequential", true}}), rig.tool("pay", "0.02"),
     rig::command("flaky", {flaky.string(), rig.effects_file().string()}),
     durability});
}

/// What clients and the killer share.
struct world {
  world(rig& where, std::string secret)
    : node(where), token(std::move(secret)) {
    // nop
  }

  rig& node;
  std::string token;
  std::atomic<std::uint16_t> port{0};
  std::atomic<std::size_t> kills{0};
  std::mutex mutex;
  /// Run ids by idempotency key, of those that were acknowledged.
  std::map<std::string, std::string> accepted;
  std::vector<std::string> problems;

  std::size_t accepted_count() {
    const std::lock_guard guard{mutex};
    return accepted.size();
  }

  std::vector<std::string> accepted_runs() {
    const std::lock_guard guard{mutex};
    std::vector<std::string> out;
    for (const auto& [key, run_id] : accepted)
      out.push_back(run_id);
    return out;
  }
};

std::string body_of(const std::string& key) {
  return runtime::to_text(json{{"agent", "worker"}, {"prompt", key}});
}

api_answer post_run(const world& state, const std::string& key) {
  return api_client{state.port, state.token}.post("/v1/runs", body_of(key),
                                                  {"Idempotency-Key: " + key});
}

/// Creates one run, however often the node dies meanwhile.
void create(world& state, const std::stop_token& stop, const std::string& key) {
  while (!stop.stop_requested()) {
    const auto answer = post_run(state, key);
    const std::lock_guard guard{state.mutex};
    if (answer.status == 201 || answer.status == 200) {
      state.accepted.emplace(key, answer.value()["id"].get<std::string>());
      return;
    }
    // The node is down, or goes down: the client cannot know what came of it.
    if (answer.status != 0 && answer.status != 503) {
      state.problems.push_back(key + ": " + answer.body);
      return;
    }
  }
}

void be_client(const std::stop_token& stop, world& state, std::size_t number) {
  constexpr auto share = runs_max / clients_max;
  for (std::size_t i = 0; i < share && !stop.stop_requested(); ++i) {
    // Half of them come early, the others one by one: each kill meets runs of
    // every age, however much is done between two of them.
    const auto at = number % 2 == 0 ? i * i * kills_max / (share * share)
                                    : i * kills_max / share;
    wait_until([&] { return stop.stop_requested() || state.kills >= at; });
    create(state, stop,
           "client-" + std::to_string(number) + "-" + std::to_string(i));
  }
}

/// Remembers how often tasks with an outcome were executed, and finds those
/// that were executed again.
class settled_tasks {
public:
  void observe(const rig& rig, const std::vector<std::string>& run_ids) {
    std::set<std::string> keys;
    for (const auto& run_id : run_ids)
      for (const auto& task : rig.rows(run_id, "tasks"))
        if (task["kind"] == "tool_call" && task["state"] != "open")
          keys.insert(task["idempotency_key"].get<std::string>());
    // Only now: what was executed before the outcome is counted for sure.
    const auto effects = rig.effects();
    for (const auto& key : keys)
      counts_.emplace(key, count(effects, key));
  }

  [[nodiscard]] std::vector<std::string>
  executed_again(const effect_map& effects) const {
    std::vector<std::string> out;
    for (const auto& [key, before] : counts_)
      if (count(effects, key) != before)
        out.push_back(key);
    return out;
  }

  [[nodiscard]] std::size_t size() const {
    return counts_.size();
  }

private:
  static std::size_t count(const effect_map& effects, const std::string& key) {
    const auto found = effects.find(key);
    return found == effects.end() ? 0 : found->second.size();
  }

  std::map<std::string, std::size_t> counts_;
};

std::size_t runs_under_way(const rig& rig) {
  const auto page
    = rig.node.api().get("/v1/runs?state=running&limit=1000").value();
  return page["runs"].size();
}

void kill_again_and_again(world& state, settled_tasks& settled,
                          std::vector<std::size_t>& under_way,
                          std::mt19937& random) {
  std::uniform_int_distribution<int> moment_ms{50, 300};
  while (state.kills < kills_max) {
    const auto effects = state.node.effect_count();
    const auto accepted = state.accepted_count();
    CAF_REQUIRE(wait_until([&] {
      return state.node.effect_count() != effects
             || state.accepted_count() != accepted;
    }));
    // Not a wait for anything: the moment of the kill is a matter of chance.
    std::this_thread::sleep_for(std::chrono::milliseconds{moment_ms(random)});
    auto runs = state.accepted_runs();
    std::shuffle(runs.begin(), runs.end(), random);
    runs.resize(std::min<std::size_t>(runs.size(), 12));
    settled.observe(state.node, runs);
    under_way.push_back(runs_under_way(state.node));
    state.node.node.kill9();
    state.node.node.start();
    state.port = state.node.node.api().port();
    ++state.kills;
  }
}

std::set<std::string> listed_runs(const rig& rig) {
  std::set<std::string> out;
  std::string cursor;
  do {
    const auto page = rig.node.api()
                        .get("/v1/runs?limit=150"
                             + (cursor.empty() ? "" : "&cursor=" + cursor))
                        .value();
    for (const auto& run : page["runs"])
      CAF_CHECK(out.insert(run["id"].get<std::string>()).second);
    cursor
      = page["cursor"].is_string() ? page["cursor"].get<std::string>() : "";
  } while (!cursor.empty());
  return out;
}

struct tally {
  std::size_t unknown = 0;
  std::size_t repeated = 0;
};

/// Every task has one outcome, and was executed as often as that allows.
void check_effects(const json& tasks, const json& entries,
                   const effect_map& effects, tally& sum) {
  std::map<std::string, std::string> kinds;
  std::set<std::string> outcomes;
  for (const auto& entry : entries)
    if (entry["type"] == "task_completed") {
      CAF_CHECK(outcomes.insert(runtime::to_text(entry["task"])).second);
      if (entry["outcome"].contains("tool_result"))
        kinds[entry["task"]["step"].dump() + "/"
              + entry["outcome"]["tool_result"]["tool_call_id"]
                  .get<std::string>()]
          = entry["outcome"]["tool_result"]["kind"].get<std::string>();
    }
  std::size_t tool_calls = 0;
  for (const auto& task : tasks) {
    CAF_CHECK(task["state"] != "open");
    if (task["kind"] != "tool_call")
      continue;
    ++tool_calls;
    const auto kind = kinds[task["step"].dump() + "/"
                            + task["tool_call_id"].get<std::string>()];
    const auto found = effects.find(task["idempotency_key"].get<std::string>());
    const auto count = found == effects.end() ? 0 : found->second.size();
    if (task["tool_name"] == "pay") {
      CAF_CHECK(count <= 1);
      CAF_CHECK(kind == "unknown" || (kind == "returned" && count == 1));
      sum.unknown += kind == "unknown" ? 1 : 0;
      continue;
    }
    CAF_CHECK_EQUAL(kind, "returned");
    // An attempt may count that was cut off before its program began, but no
    // program begins in an attempt that does not count.
    const auto attempts = task["attempts"].get<std::size_t>();
    const std::size_t least = task["tool_name"] == "flaky" ? 2 : 1;
    CAF_CHECK(attempts >= least);
    CAF_CHECK(count >= 1);
    CAF_CHECK(count <= attempts);
    sum.repeated += count > least ? 1 : 0;
  }
  CAF_CHECK_EQUAL(tool_calls, 40u);
}

/// The last event has the number of the last entry as it is stored; the
/// journal's rows are counted. They agree when there is no gap.
void check_sequences(const rig& rig, const std::string& run_id,
                     const json& entries) {
  event_reader reader{rig, run_id, 0, false};
  CAF_CHECK(reader.read_to_end());
  const auto events = reader.events();
  CAF_REQUIRE(!events.empty());
  CAF_CHECK_EQUAL(events.back().id / 1'000'000, entries.size());
  CAF_CHECK_EQUAL(entries.back()["type"], "run_ended");
}

} // namespace

CAF_TEST(two hundred runs survive fifty kills) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  rig rig;
  write_agent(rig);
  rig.node.start();
  world state{rig, rig.token()};
  state.port = rig.node.api().port();
  settled_tasks settled;
  std::vector<std::size_t> under_way;
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < clients_max; ++i)
      clients.emplace_back([&state, i](const std::stop_token& stop) {
        be_client(stop, state, i);
      });
    kill_again_and_again(state, settled, under_way, random);
    CAF_CHECK(wait_until([&] { return state.accepted_count() == runs_max; }));
  }
  for (const auto& problem : state.problems)
    CAF_ERROR(problem);
  CAF_REQUIRE_EQUAL(state.accepted.size(), runs_max);
  settled.observe(rig, state.accepted_runs());
  std::set<std::string> ids;
  for (const auto& [key, run_id] : state.accepted) {
    ids.insert(run_id);
    const auto again = post_run(state, key);
    CAF_CHECK_EQUAL(again.status, 200);
    const auto same = again.value();
    CAF_CHECK_EQUAL(same["id"], run_id);
  }
  CAF_CHECK_EQUAL(ids.size(), runs_max);
  CAF_CHECK(listed_runs(rig) == ids);
  for (const auto& run_id : ids) {
    const auto run = rig.finished(run_id);
    CAF_CHECK_EQUAL(run["state"], "completed");
    CAF_CHECK_EQUAL(run["output"], output);
  }
  const auto effects = rig.effects();
  tally sum;
  for (const auto& run_id : ids) {
    const auto entries = rig.rows(run_id, "entries");
    check_effects(rig.rows(run_id, "tasks"), entries, effects, sum);
    check_sequences(rig, run_id, entries);
  }
  for (const auto& [key, executions] : effects)
    CAF_CHECK(ids.contains(key.substr(0, 36)));
  CAF_MESSAGE(settled.size() << " tasks seen with an outcome, " << sum.repeated
                             << " executed more than once, " << sum.unknown
                             << " with an unknown outcome");
  CAF_CHECK(settled.size() > 100u);
  // Kills that meet nothing would prove nothing.
  const auto [least, most]
    = std::minmax_element(under_way.begin(), under_way.end());
  CAF_MESSAGE(*least << " to " << *most << " runs under way at a kill");
  CAF_CHECK(*least > 0u);
  const auto again = settled.executed_again(effects);
  for (const auto& key : again)
    CAF_ERROR("executed after its outcome was durable: " << key);
  CAF_CHECK(again.empty());
}

CAF_TEST(what must not be repeated is not and the model is told) {
  rig rig;
  rig.write_agent(
    "payer",
    json::array({calls({"pay", "look"}), json{{"text", "It may be paid."}}}),
    {rig.gated_tool("pay"), rig.gated_tool("look"),
     json{{"Durability",
           {{"tools_by_name", {{"pay", {{"on_interrupt", "fail"}}}}}}}}});
  rig.node.start();
  const auto run_id = rig.create("payer");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 2; }));
  rig.node.kill9();
  rig.open_gate();
  rig.node.start();
  const auto run = rig.finished(run_id);
  CAF_CHECK_EQUAL(run["state"], "completed");
  CAF_CHECK_EQUAL(run["output"], "It may be paid.");
  const auto effects = rig.effects();
  CAF_CHECK_EQUAL(effects.at(run_id + "/1/call_0_0").size(), 1u);
  CAF_CHECK_EQUAL(effects.at(run_id + "/1/call_0_1").size(), 2u);
  const auto messages = rig.node.api().get("/v1/runs/" + run_id + "/messages");
  CAF_CHECK(messages.body.find("whether it took effect is unknown")
            != std::string::npos);
}

// Goal: a full disk costs nothing that was acknowledged, and no task is
//       executed again because of it.
// Method: a limit on file sizes that is set and lifted from outside stands for
//         the disk; the journal's own limit comes from the node file.

#define CAF_SUITE fault.disk_full

#include "fault/event_reader.hpp"
#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <sys/resource.h>
#include <thread>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// Both meta pages of the journal fit below, and nothing else of it does.
constexpr rlim_t no_room = 8'192;

void limit_files(const rig& rig, rlim_t size) {
  const rlimit limit{size, RLIM_INFINITY};
  CAF_REQUIRE_EQUAL(::prlimit(rig.node_pid(), RLIMIT_FSIZE, &limit, nullptr),
                    0);
}

/// Text of its own that does not get smaller when it is packed.
std::string noise(std::mt19937& random) {
  constexpr std::size_t size = 60'000;
  std::string out;
  while (out.size() < size)
    out += static_cast<char>('!' + random() % 90);
  return out;
}

api_answer post_run(const rig& rig, const std::string& agent,
                    const std::string& prompt = "go") {
  return rig.node.api().post(
    "/v1/runs", runtime::to_text(json{{"agent", agent}, {"prompt", prompt}}));
}

/// New runs are refused, with a word on when to come back; reads go on.
void check_full(const rig& rig, const std::string& agent) {
  raw_connection refused{
    rig.node.api().port(),
    request_text("POST", "/v1/runs", rig.token(),
                 {"Content-Type: application/json"},
                 runtime::to_text(json{{"agent", agent}, {"prompt", "go"}}))};
  CAF_CHECK(refused.read_to_end());
  CAF_CHECK(refused.received.starts_with("HTTP/1."));
  CAF_CHECK(refused.received.find(" 507 ") < 16u);
  CAF_CHECK(refused.received.find("Retry-After: ") != std::string::npos);
  CAF_CHECK(refused.received.find("\"storage_full\"") != std::string::npos);
  // It stays full while nothing is tried, longer than it takes to look again.
  for (int i = 0; i < 30; ++i) {
    const auto ready = rig.node.api().call("GET", "/readyz", "", {});
    CAF_CHECK_EQUAL(ready.status, 503);
    CAF_CHECK(ready.body.find("\"disk full\"") != std::string::npos);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  CAF_CHECK_EQUAL(post_run(rig, agent).status, 507);
  CAF_CHECK(rig.node.api().is_healthy());
  CAF_CHECK_EQUAL(rig.node.api().get("/v1/runs").status, 200);
  CAF_CHECK_EQUAL(rig.node.api().get("/v1/agents").status, 200);
}

bool is_ready(const rig& rig) {
  return rig.node.api().call("GET", "/readyz", "", {}).status == 200;
}

/// Runs in the middle of their tools, with one finished task behind them.
struct busy_node : rig {
  static constexpr std::size_t runs = 12;

  busy_node() {
    write_agent("worker",
                json::array({calls({"note"}), calls({"hold", "hold"}),
                             calls({"note"}), json{{"text", "done"}}}),
                {tool("note"), gated_tool("hold")});
    node.start();
    for (std::size_t i = 0; i < runs; ++i)
      ids.push_back(create("worker"));
    CAF_REQUIRE(wait_until([this] { return effect_count() == 3 * runs; }));
  }

  /// The disk fills up while tools are at work; they end now.
  void fill_up() const {
    limit_files(*this, no_room);
    open_gate();
    CAF_REQUIRE(wait_until([this] {
      return node.api().call("GET", "/readyz", "", {}).status == 503;
    }));
    for (const auto& [key, executions] : effects())
      CAF_CHECK(wait_until([&] { return !is_alive(executions.back().pid); }));
  }

  void check_completed() const {
    for (const auto& run_id : ids) {
      const auto run = finished(run_id);
      CAF_CHECK_EQUAL(run["state"], "completed");
      CAF_CHECK_EQUAL(run["output"], "done");
    }
  }

  std::vector<std::string> ids;
};

} // namespace

CAF_TEST(runs go on where they were when there is room again) {
  const busy_node node;
  node.fill_up();
  check_full(node, "worker");
  CAF_CHECK(!is_ready(node)); // as long as outcomes wait for room
  for (const auto& run_id : node.ids) {
    const auto run = node.node.api().get("/v1/runs/" + run_id);
    CAF_CHECK_EQUAL(run.status, 200);
    const auto shown = run.value();
    CAF_CHECK_EQUAL(shown["state"], "running");
    CAF_CHECK(node.rows(run_id, "tasks").size() >= 3u);
  }
  limit_files(node, RLIM_INFINITY);
  node.check_completed();
  // What they had in memory was kept: nothing was executed twice.
  const auto effects = node.effects();
  CAF_CHECK_EQUAL(effects.size(), 4 * node.runs);
  for (const auto& [key, executions] : effects)
    CAF_CHECK_EQUAL(executions.size(), 1u);
  CAF_CHECK(wait_until([&] { return is_ready(node); }));
  const auto fresh = node.create("worker");
  CAF_CHECK_EQUAL(node.end_of(fresh), "completed");
}

CAF_TEST(a kill on a full disk loses nothing that was acknowledged) {
  busy_node node;
  node.fill_up();
  check_full(node, "worker");
  node.node.kill9();
  node.node.start();
  node.check_completed();
  const auto listed = node.node.api().get("/v1/runs?limit=100").value();
  CAF_CHECK_EQUAL(listed["runs"].size(), node.runs);
  // Tools whose outcome found no room are in doubt and run again; the others
  // have theirs in the journal.
  for (const auto& [key, executions] : node.effects())
    CAF_CHECK(executions.size()
              <= (key.find("/2/") == std::string::npos ? 1u : 2u));
}

CAF_TEST(an ordered stop on a full disk loses nothing and does not hang) {
  busy_node node;
  node.fill_up();
  CAF_CHECK_EQUAL(node.node.terminate(), 0);
  node.node.start();
  node.check_completed();
}

CAF_TEST(an idle node takes runs again by itself) {
  rig node;
  node.write_agent("quick", json::array({json{{"text", "done"}}}));
  node.node.start();
  limit_files(node, no_room);
  CAF_CHECK_EQUAL(post_run(node, "quick").status, 507);
  check_full(node, "quick");
  limit_files(node, RLIM_INFINITY);
  CAF_REQUIRE(wait_until([&] { return is_ready(node); }));
  CAF_CHECK_EQUAL(node.end_of(node.create("quick")), "completed");
}

CAF_TEST(a journal at its limit takes no runs and ends those it has) {
  rig node;
  node.write_agent("worker",
                   json::array({calls({"note"}), calls({"hold", "hold"}),
                                calls({"note"}), json{{"text", "done"}}}),
                   {node.tool("note"), node.gated_tool("hold")});
  const auto limit = [&](std::uint64_t size) {
    node.node.write_node_file({{"limits", {{"journal_bytes_max", size}}}});
  };
  limit(2 << 20);
  node.node.start();
  std::vector<std::string> ids;
  std::mt19937 random{7};
  auto answer = post_run(node, "worker", noise(random));
  for (; answer.status == 201 && ids.size() < 1'000;
       answer = post_run(node, "worker", noise(random)))
    ids.push_back(answer.value()["id"].get<std::string>());
  CAF_REQUIRE_EQUAL(answer.error_type(), "storage_full");
  CAF_MESSAGE(ids.size() << " runs fit");
  CAF_CHECK(ids.size() > 10u);
  check_full(node, "worker");
  CAF_CHECK_EQUAL(node.node.api().get("/v1/runs/" + ids.front()).status, 200);
  // All of them are in the middle of their tools, and end in the reserve.
  node.open_gate();
  for (const auto& run_id : ids)
    CAF_CHECK_EQUAL(node.end_of(run_id), "completed");
  for (const auto& [key, executions] : node.effects())
    CAF_CHECK_EQUAL(executions.size(), 1u);
  CAF_CHECK_EQUAL(node.effects().size(), 4 * ids.size());
  check_full(node, "worker");
  // A restart changes nothing; a larger limit does.
  CAF_CHECK_EQUAL(node.node.terminate(), 0);
  node.node.start();
  CAF_CHECK(wait_until([&] { return !is_ready(node); }));
  check_full(node, "worker");
  CAF_CHECK_EQUAL(node.node.terminate(), 0);
  limit(64 << 20);
  node.node.start();
  CAF_CHECK(is_ready(node));
  CAF_CHECK_EQUAL(node.end_of(node.create("worker")), "completed");
}

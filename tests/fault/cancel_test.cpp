// A cancel reaches a run wherever it is, at once.

#define CAF_SUITE fault.cancel

#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::chrono::seconds at_once{2};

bool is_cancelled(const rig& rig, const std::string& run_id) {
  return rig.node.api().get("/v1/runs/" + run_id).value()["state"]
         == "cancelled";
}

/// Cancels a run and checks that it took no time and stays so.
void cancel(const rig& rig, const std::string& run_id) {
  const auto answer = rig.node.api().post("/v1/runs/" + run_id + "/cancel",
                                          R"({"reason": "enough"})");
  CAF_CHECK_EQUAL(answer.status, 202);
  CAF_CHECK(wait_until([&] { return is_cancelled(rig, run_id); }, at_once));
  const auto run = rig.node.api().get("/v1/runs/" + run_id).value();
  CAF_CHECK_EQUAL(run["error"]["type"], "cancelled");
  CAF_CHECK_EQUAL(run["error"]["message"], "enough");
  const auto again = rig.node.api().post("/v1/runs/" + run_id + "/cancel", "");
  CAF_CHECK_EQUAL(again.status, 409);
}

std::uint64_t active_runs(const rig& rig) {
  return rig.node.api()
    .call("GET", "/readyz", "", {})
    .value()["active_runs"]
    .get<std::uint64_t>();
}

} // namespace

CAF_TEST(a cancel ends a command with all its processes) {
  rig rig;
  const auto pid_file = rig.write_stubborn_agent("stubborn");
  rig.node.start();
  const auto run_id = rig.create("stubborn");
  const auto pids = pids_in(pid_file, 6);
  CAF_REQUIRE_EQUAL(pids.size(), 6u);
  for (const auto pid : pids)
    CAF_CHECK(is_alive(pid));
  cancel(rig, run_id);
  for (const auto pid : pids)
    CAF_CHECK(wait_until([&] { return !is_alive(pid); }, at_once));
  // A restart brings nothing of it back.
  CAF_CHECK_EQUAL(rig.node.terminate(), 0);
  rig.node.start();
  CAF_CHECK(is_cancelled(rig, run_id));
  CAF_CHECK_EQUAL(active_runs(rig), 0u);
  CAF_CHECK_EQUAL(pids_in(pid_file, 6).size(), 6u);
}

CAF_TEST(a cancel ends a model request that takes its time) {
  rig rig;
  rig.write_agent("sleeper",
                  json::array({json{{"text", "done"}, {"delay_ms", 600'000}}}));
  rig.node.start();
  const auto run_id = rig.create("sleeper");
  CAF_CHECK(wait_until([&] { return active_runs(rig) == 1; }));
  cancel(rig, run_id);
  CAF_CHECK(wait_until([&] { return active_runs(rig) == 0; }));
}

CAF_TEST(a cancel ends a run that left memory to wait for a retry) {
  rig rig;
  rig.node.write_node_file({{"limits", {{"park_after_seconds", 0.05}}}});
  rig.write_agent("waiter", json::array({json{{"error",
                                               {{"status", 503},
                                                {"message", "busy"},
                                                {"retry_after_seconds", 600}}}},
                                         json{{"text", "done"}}}));
  rig.node.start();
  const auto run_id = rig.create("waiter");
  const auto waiting = rig.node.api().wait_for_state(run_id, "waiting");
  CAF_CHECK_EQUAL(waiting["state"], "waiting");
  CAF_CHECK(waiting["reason"].get<std::string>().find("busy")
            != std::string::npos);
  CAF_CHECK(wait_until([&] { return active_runs(rig) == 0; }));
  cancel(rig, run_id);
}

CAF_TEST(a cancel is as durable as anything else) {
  rig rig;
  rig.write_agent("worker",
                  json::array({calls({"hold"}), json{{"text", "done"}}}),
                  {rig.gated_tool("hold")});
  rig.node.start();
  const auto run_id = rig.create("worker");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 1; }));
  cancel(rig, run_id);
  rig.node.kill9();
  rig.open_gate();
  rig.node.start();
  CAF_CHECK(is_cancelled(rig, run_id));
  CAF_CHECK_EQUAL(active_runs(rig), 0u);
  CAF_CHECK_EQUAL(rig.effect_count(), 1u);
}

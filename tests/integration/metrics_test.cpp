#define CAF_SUITE integration.metrics

#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <sstream>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

using samples = std::map<std::string, double>;

/// Reads the text format strictly: HELP and TYPE before each metric's lines.
samples parse(const std::string& text) {
  samples out;
  std::istringstream lines{text};
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      CAF_CHECK(line.starts_with("# TYPE " + name + " "));
      continue;
    }
    CAF_CHECK(line.starts_with(name));
    const auto space = line.rfind(' ');
    CAF_REQUIRE(space != std::string::npos);
    const auto [at, is_new]
      = out.emplace(line.substr(0, space), std::stod(line.substr(space)));
    CAF_CHECK(is_new);
  }
  return out;
}

samples metrics_of(const rig& rig) {
  const auto answer = rig.node.api().get("/metrics");
  CAF_REQUIRE_EQUAL(answer.status, 200);
  return parse(answer.body);
}

} // namespace

CAF_TEST(metrics need the token) {
  rig rig;
  rig.node.start();
  CAF_CHECK_EQUAL(rig.node.api().call("GET", "/metrics", "", {}).status, 401);
  CAF_CHECK_EQUAL(rig.node.api().post("/metrics", "").status, 405);
}

CAF_TEST(metrics count what became durable) {
  rig rig;
  rig.write_agent(
    "worker",
    json::array({json{{"error",
                       {{"status", 503},
                        {"message", "busy"},
                        {"retry_after_seconds", 0.01}}}},
                 calls({"note", "no_such_tool"}), json{{"text", "done"}}}),
    {rig.tool("note")});
  rig.write_agent(
    "broken",
    json::array({json{{"error", {{"status", 400}, {"message", "no"}}}}}));
  rig.write_agent("holder",
                  json::array({calls({"hold"}), json{{"text", "done"}}}),
                  {rig.gated_tool("hold")});
  rig.node.start();
  const auto before = metrics_of(rig);
  CAF_CHECK_EQUAL(before.at("perdure_runs_created_total"), 0);
  CAF_CHECK_EQUAL(before.at("perdure_journal_entries_total"), 0);
  CAF_CHECK_EQUAL(rig.end_of(rig.create("worker")), "completed");
  CAF_CHECK_EQUAL(rig.end_of(rig.create("broken")), "failed");
  const auto held = rig.create("holder");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 2; }));
  auto now = metrics_of(rig);
  CAF_CHECK_EQUAL(now.at("perdure_runs_created_total"), 3);
  CAF_CHECK_EQUAL(now.at("perdure_runs_active"), 1);
  CAF_CHECK_EQUAL(now.at("perdure_tool_calls_in_flight"), 1);
  CAF_CHECK_EQUAL(now.at("perdure_runs{state=\"completed\"}"), 1);
  CAF_CHECK_EQUAL(now.at("perdure_runs{state=\"running\"}"), 1);
  CAF_CHECK_EQUAL(
    rig.node.api().post("/v1/runs/" + held + "/cancel", "").status, 202);
  CAF_CHECK_EQUAL(rig.end_of(held), "cancelled");
  now = metrics_of(rig);
  for (const auto* state : {"completed", "failed", "cancelled"})
    CAF_CHECK_EQUAL(
      now.at("perdure_runs_ended_total{state=\"" + std::string{state} + "\"}"),
      1);
  const auto tasks = [&](const std::string& kind, const std::string& outcome) {
    return now.at("perdure_tasks_total{kind=\"" + kind + "\",outcome=\""
                  + outcome + "\"}");
  };
  const auto attempts
    = [&](const std::string& kind, const std::string& outcome) {
        return now.at("perdure_task_attempts_total{kind=\"" + kind
                      + "\",outcome=\"" + outcome + "\"}");
      };
  CAF_CHECK_EQUAL(tasks("model_request", "completed"), 3);
  CAF_CHECK_EQUAL(tasks("model_request", "failed"), 1);
  CAF_CHECK_EQUAL(tasks("tool_call", "completed"), 1);
  CAF_CHECK_EQUAL(tasks("tool_call", "refused"), 1);
  CAF_CHECK_EQUAL(attempts("model_request", "succeeded"), 3);
  CAF_CHECK_EQUAL(attempts("model_request", "failed"), 2);
  CAF_CHECK_EQUAL(attempts("tool_call", "succeeded"), 1);
  CAF_CHECK_EQUAL(attempts("tool_call", "failed"), 0);
  CAF_CHECK_EQUAL(now.at("perdure_tool_calls_in_flight"), 0);
  const auto commits = now.at("perdure_journal_commits_total");
  CAF_CHECK(commits >= 3);
  CAF_CHECK(now.at("perdure_journal_entry_bytes_total") > 0);
  CAF_CHECK_EQUAL(now.at("perdure_journal_commit_seconds_count"), commits);
  CAF_CHECK_EQUAL(now.at("perdure_journal_commit_seconds_bucket{le=\"+Inf\"}"),
                  commits);
  CAF_CHECK(now.at("perdure_journal_commit_seconds_sum") > 0);
  CAF_CHECK(now.at("perdure_http_requests_total{status=\"2xx\"}")
            > before.at("perdure_http_requests_total{status=\"2xx\"}"));
  CAF_CHECK_EQUAL(now.at("perdure_journal_full"), 0);
}

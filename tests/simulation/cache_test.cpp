#define CAF_SUITE simulation.cache

#include "simulation/simulation.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::simulation;
using namespace std::chrono_literals;

namespace {

/// Executions that were made for the n-th run.
std::uint32_t executions_of(const simulation_result& result, std::size_t n) {
  const auto run_id = creation(scenario_named("cached"), n - 1, {}, {}).run_id;
  std::uint32_t count = 0;
  for (const auto& [key, times] : result.executions)
    if (run_of(key) == run_id)
      count += times;
  return count;
}

std::vector<const runtime::task_completed*>
outcomes_of(const simulation_result& result, std::size_t n) {
  std::vector<const runtime::task_completed*> out;
  const auto& entries
    = std::next(result.runs.begin(), static_cast<std::ptrdiff_t>(n - 1))
        ->second.entries;
  for (const auto& entry : entries)
    if (const auto* done = std::get_if<runtime::task_completed>(&entry))
      out.push_back(done);
  return out;
}

void check_second_run_is_cached(const simulation_result& result) {
  CAF_CHECK_EQUAL(executions_of(result, 2), 0u);
  const auto first = outcomes_of(result, 1);
  const auto second = outcomes_of(result, 2);
  CAF_REQUIRE_EQUAL(first.size(), 4u);
  CAF_REQUIRE_EQUAL(second.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    CAF_CHECK_EQUAL(first[i]->cached_from, "");
    CAF_CHECK(!second[i]->cached_from.empty());
    CAF_CHECK_EQUAL(second[i]->attempts, 0u);
  }
}

} // namespace

CAF_TEST(the second run takes the results of the first) {
  const auto calm = simulate(scenario_named("cached"));
  CAF_CHECK(calm.violations.empty());
  CAF_CHECK_EQUAL(executions_of(calm, 1), 4u);
  check_second_run_is_cached(calm);
}

CAF_TEST(wherever the node dies nothing that was stored is executed again) {
  const auto plot = scenario_named("cached");
  const auto calm = simulate(plot);
  CAF_REQUIRE(calm.commits > 5);
  for (std::uint64_t n = 1; n <= calm.commits; ++n) {
    CAF_MESSAGE("crash before commit " << n);
    check_second_run_is_cached(
      simulate(plot, {crash_plan::moment::before_commit, n}));
  }
  for (std::uint64_t n = 1; n <= calm.entries; ++n) {
    CAF_MESSAGE("crash after entry " << n);
    check_second_run_is_cached(
      simulate(plot, {crash_plan::moment::after_entry, n}));
  }
}

CAF_TEST(what has expired is executed again) {
  const auto calm = simulate(scenario_named("cached and expired"));
  CAF_CHECK(calm.violations.empty());
  CAF_CHECK_EQUAL(executions_of(calm, 1), 4u);
  CAF_CHECK_EQUAL(executions_of(calm, 2), 4u);
  for (const auto* done : outcomes_of(calm, 2))
    CAF_CHECK_EQUAL(done->cached_from, "");
}

CAF_TEST(without a policy nothing is stored) {
  auto plot = scenario_named("cached");
  plot.agent.model_policy.cache = {};
  for (auto& tool : plot.agent.tools)
    tool.policy.cache = {};
  universe world{1};
  const auto calm = simulate(plot, {}, world);
  CAF_CHECK_EQUAL(executions_of(calm, 2), 4u);
  CAF_CHECK(world.disk->cache.empty());
}

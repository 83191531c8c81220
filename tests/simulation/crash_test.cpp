#define CAF_SUITE simulation.crash

#include "simulation/simulation.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::simulation;

namespace {

constexpr std::size_t complaints_max = 3;

/// Plays every scenario once per moment that `count` says it has, with a crash
/// at that moment.
template <class Count>
void crash_at_every(crash_plan::moment when, Count count) {
  std::uint64_t played = 0;
  for (const auto& plot : all_scenarios()) {
    const auto calm = simulate(plot);
    std::size_t complaints = 0;
    for (std::uint64_t n = 1; n <= count(calm); ++n) {
      const auto crashed = simulate(plot, {when, n});
      ++played;
      const auto wrong = compare(plot, calm, crashed);
      if (!wrong.empty() && ++complaints <= complaints_max)
        CAF_ERROR(plot.name << ", crash at " << n << ": " << wrong);
      if (crashed.nodes != 2 && ++complaints <= complaints_max)
        CAF_ERROR(plot.name << ", crash at " << n << ": there was none");
    }
    CAF_CHECK_EQUAL(complaints, 0u);
  }
  CAF_CHECK(played > all_scenarios().size());
}

} // namespace

CAF_TEST(every scenario ends as it should without a crash) {
  for (const auto& plot : all_scenarios()) {
    CAF_MESSAGE(plot.name);
    const auto calm = simulate(plot);
    for (const auto& violation : calm.violations)
      CAF_ERROR(violation);
    CAF_CHECK_EQUAL(calm.runs.size(), plot.runs);
    for (const auto& [run_id, is] : calm.runs) {
      CAF_CHECK(is.end == plot.end);
      CAF_CHECK_EQUAL(is.output.dump(), plot.output.dump());
      CAF_CHECK_EQUAL(to_string(is.error), to_string(plot.error));
      if (is.error != plot.error)
        CAF_MESSAGE(is.error_message);
    }
  }
}

CAF_TEST(a crash right after any entry changes nothing) {
  crash_at_every(crash_plan::moment::after_entry,
                 [](const auto& calm) { return calm.entries; });
}

CAF_TEST(a crash right before any commit changes nothing) {
  crash_at_every(crash_plan::moment::before_commit,
                 [](const auto& calm) { return calm.commits; });
}

CAF_TEST(a crash after any message changes nothing) {
  crash_at_every(crash_plan::moment::after_step,
                 [](const auto& calm) { return calm.steps - 1; });
}

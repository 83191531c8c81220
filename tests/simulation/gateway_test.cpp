#define CAF_SUITE simulation.gateway

#include "simulation/stage.hpp"

using namespace perdure;
using namespace perdure::simulation;
using runtime::errc;
using namespace std::chrono_literals;

CAF_TEST(a drained node leaves no actor behind) {
  stage on{"parallel tools"};
  on.boot();
  on.create(2);
  for (int i = 0; i < 20; ++i)
    on.node->step();
  on.node->isolated = true;
  on.run_messages();
  CAF_CHECK(on.node->services().health->active_runs > 0);
  CAF_CHECK_EQUAL(on.node->shut_down(), 0u);
  on.check_calm();
}

CAF_TEST(a queued run that is cancelled never starts) {
  stage on{"one tool"};
  on.settings.runs.active_runs_max = 1;
  on.boot();
  on.create(2);
  on.node->isolated = true;
  on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->queued_runs.load(), 1u);
  on.node->cancel(on.id(1));
  on.run_messages();
  CAF_REQUIRE(on.end_of(1).has_value());
  CAF_CHECK(on.end_of(1)->end == runtime::run_end::cancelled);
  on.node->isolated = false;
  on.run_messages();
  CAF_REQUIRE(on.end_of(0).has_value());
  for (const auto& [key, count] : on.world.executions)
    CAF_CHECK_EQUAL(run_of(key), on.id(0));
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
  on.check_calm();
}

CAF_TEST(runs that are due wait their turn once) {
  stage on{"long backoff parks the run"};
  on.settings.runs.active_runs_max = 1;
  on.boot();
  on.create(4);
  on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
  on.node->isolated = true;
  for (int i = 0; i < 100 && on.node->fire_timer(); ++i)
    on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 1u);
  CAF_CHECK_EQUAL(on.node->services().health->queued_runs.load(), 3u);
  on.node->isolated = false;
  for (int i = 0; i < 100; ++i) {
    on.run_messages();
    on.node->fire_timer();
  }
  for (std::size_t n = 0; n < 4; ++n)
    CAF_CHECK(on.end_of(n).has_value());
  on.check_calm();
}

CAF_TEST(many parked runs need no more timers than one) {
  constexpr std::size_t count = 200;
  stage on{"long backoff parks the run"};
  on.boot();
  on.create(count);
  on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
  std::size_t fired = 0;
  while (!on.end_of(count - 1).has_value() && on.node->fire_timer()) {
    ++fired;
    on.run_messages();
  }
  CAF_CHECK(fired <= 2 * count);
  on.check_calm();
}

CAF_TEST(a run beyond the bound of the queue is refused) {
  stage on{"one tool"};
  on.settings.runs.active_runs_max = 1;
  on.settings.runs.queued_runs_max = 1;
  on.boot();
  on.node->isolated = true;
  for (std::size_t n = 0; n < 3; ++n) {
    on.create_one(n);
    on.run_messages();
  }
  CAF_CHECK(on.node->observed[on.id(2)].refusal.code == errc::overloaded);
  CAF_CHECK(on.node->entries(on.id(2)).empty());
  CAF_CHECK(on.node->observed[on.id(1)].refusal.code == errc::none);
}

CAF_TEST(a parked run can be cancelled) {
  stage on{"long backoff parks the run"};
  on.boot();
  on.create(1);
  on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
  on.node->cancel(on.id(0));
  on.run_messages();
  CAF_REQUIRE(on.end_of(0).has_value());
  CAF_CHECK(on.end_of(0)->end == runtime::run_end::cancelled);
  CAF_CHECK(!on.node->observed[on.id(0)].run_json.empty());
  on.check_calm();
}

CAF_TEST(a watcher stays with a run that is parked) {
  stage on{"long backoff parks the run"};
  on.boot();
  on.create(1);
  on.run_messages();
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
  CAF_CHECK_EQUAL(on.node->observed[on.id(0)].last_published, 2u);
  for (int i = 0; i < 20 && !on.end_of(0).has_value(); ++i) {
    on.node->fire_timer();
    on.run_messages();
  }
  CAF_CHECK(on.node->observed[on.id(0)].last_published
            == on.node->entries(on.id(0)).size());
  on.check_calm();
}

// Goal: a time limit that runs out anywhere, even between two commands of one
// decision, ends the run and nothing else.
// Method: the clock goes on whenever somebody looks at it.
CAF_TEST(a time limit may run out at any moment) {
  auto plot = scenario_named("interrupted calls are told");
  plot.agent.tools.push_back(plot.agent.tools[0]);
  plot.agent.tools.back().name = "again";
  plot.world.model = [](std::uint32_t step, const execution&) {
    return step == 1 ? calls({{"c1", "nothing", "{}"},
                              {"c2", "send", R"({"n": 1})"},
                              {"c3", "again", R"({"n": 1})"},
                              {"c4", "add", R"({"n": 1})"}})
                     : says("Done.");
  };
  bool completed = false;
  bool failed = false;
  for (int limit = 1; limit < 120; ++limit) {
    universe world{1};
    world.tick = 1s;
    plot.input.limits.time_limit = std::chrono::seconds{limit};
    const auto result = simulate(plot, {}, world);
    for (const auto& violation : result.violations)
      CAF_ERROR("limit " << limit << ": " << violation);
    const auto& run = result.runs.begin()->second;
    completed = completed || run.end == runtime::run_end::completed;
    failed = failed || run.error == errc::run_time_limit_exceeded;
    CAF_CHECK(run.error == errc::none
              || run.error == errc::run_time_limit_exceeded);
  }
  CAF_CHECK(completed);
  CAF_CHECK(failed);
}

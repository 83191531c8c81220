#define CAF_SUITE simulation.rules

#include "simulation/stage.hpp"

using namespace perdure;
using namespace perdure::simulation;
using runtime::errc;
using namespace std::chrono_literals;

namespace {

const std::string run_id = "01900000-0000-7000-8000-000000000001";

void check_calm(const universe& world) {
  for (const auto& violation : world.violations)
    CAF_ERROR(violation);
}

bool has(const universe& world, const std::string& rule) {
  return std::any_of(
    world.violations.begin(), world.violations.end(),
    [&](const std::string& x) { return x.rfind(rule, 0) == 0; });
}

storage::append_batch
next_batch(const storage::journal& journal, std::uint64_t epoch) {
  storage::append_batch out;
  out.run_id = run_id;
  out.epoch = epoch;
  out.next_sequence = journal.summary(run_id)->last_sequence + 1;
  out.entries.push_back(
    storage::encode(runtime::cancel_requested{timestamp{}, "zombie"}));
  return out;
}

} // namespace

// -- canaries: the checks can fail
// ---------------------------------------------

CAF_TEST(D1 a journal that acknowledges before it writes is found out) {
  universe world{1};
  world.journal_lies = true;
  simulate(scenario_named("one tool"), {}, world);
  CAF_CHECK(has(world, "D1"));
}

CAF_TEST(D3 a node that forgets an outcome is stopped before it repeats it) {
  const auto plot = scenario_named("one tool");
  const auto calm = simulate(plot);
  bool stopped = false;
  for (std::uint64_t n = 1; n <= calm.entries; ++n) {
    universe world{1};
    world.journal_forgets = true;
    simulate(plot, {crash_plan::moment::after_entry, n}, world);
    // Its intent to try again is refused, since it comes under a number that
    // is taken.
    CAF_CHECK(!has(world, "D3"));
    stopped = stopped || !world.violations.empty();
  }
  CAF_CHECK(stopped);
}

CAF_TEST(a comparison sees another output and other messages) {
  const auto plot = scenario_named("one tool");
  const auto calm = simulate(plot);
  auto other = calm;
  other.runs.at(run_id).output = "Something else.";
  CAF_CHECK(!compare(plot, calm, other).empty());
  other = calm;
  other.runs.at(run_id).messages.erase(1);
  CAF_CHECK(!compare(plot, calm, other).empty());
  CAF_CHECK(compare(plot, calm, calm).empty());
}

// -- D1 -----------------------------------------------------------------------

CAF_TEST(D1 nothing is answered or begun while the disk is full) {
  stage on{"one tool"};
  on.boot();
  on.create_one();
  on.run_messages();
  on.world.disk->full = true;
  on.create_one(1);
  on.run_messages();
  const auto refused = "01900000-0000-7000-8000-000000000002";
  CAF_CHECK(on.node->observed[refused].refusal.code == errc::storage_full);
  CAF_CHECK(on.node->entries(refused).empty());
  on.world.disk->full = false;
  CAF_CHECK(on.finish());
  on.check_calm();
}

CAF_TEST(D1 a node whose disk was full takes runs again by itself) {
  stage on{"one tool"};
  on.boot();
  on.world.disk->full = true;
  on.create_one();
  on.run_messages();
  CAF_CHECK(on.node->observed[run_id].refusal.code == errc::storage_full);
  CAF_CHECK(on.node->services().health->journal_full);
  on.world.disk->full = false;
  CAF_CHECK(on.node->fire_timer());
  on.run_messages();
  on.create_one();
  on.run_messages();
  CAF_CHECK(on.node->observed[run_id].refusal.code == errc::none);
  CAF_CHECK(on.finish());
  on.check_calm();
}

CAF_TEST(D1 an outcome that found no room is kept until there is some) {
  stage on{"one tool"};
  on.boot();
  on.create_one();
  // The run is durable and its first request is under way.
  on.run_to_execution();
  on.world.disk->full = true;
  on.run_messages();
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(on.node->fire_timer());
    on.run_messages();
  }
  CAF_CHECK_EQUAL(on.node->entries(run_id).size(), 1u);
  CAF_CHECK(on.node->services().health->journal_full);
  on.world.disk->full = false;
  CAF_CHECK(on.finish());
  CAF_CHECK(!on.node->services().health->journal_full);
  for (const auto& [key, count] : on.world.executions)
    CAF_CHECK_EQUAL(count, 1u);
  on.check_calm();
}

CAF_TEST(D1 a full node does not call itself ready between two refusals) {
  stage on{"one tool"};
  on.boot();
  on.world.disk->full = true;
  on.create_one();
  on.run_messages();
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(on.node->services().health->journal_full);
    CAF_CHECK(on.node->fire_timer());
    on.run_messages();
  }
  CAF_CHECK(on.node->services().health->journal_full);
  on.world.disk->full = false;
  CAF_CHECK(on.node->fire_timer());
  on.run_messages();
  CAF_CHECK(!on.node->services().health->journal_full);
  CAF_CHECK(!on.node->fire_timer()); // and asks no more
  on.check_calm();
}

CAF_TEST(D1 a node that starts without room for runs says so) {
  stage on{"one tool"};
  on.world.disk->only_reserve_left = true;
  on.boot();
  on.run_messages();
  CAF_CHECK(on.node->services().health->journal_full);
  on.check_calm();
}

CAF_TEST(D1 runs that exist end in the reserve while new ones are refused) {
  stage on{"one tool"};
  on.boot();
  on.create_one();
  on.run_to_execution();
  on.world.disk->only_reserve_left = true;
  on.create_one(1);
  CAF_CHECK(on.finish());
  const auto refused = on.id(1);
  CAF_CHECK(on.node->observed[refused].refusal.code == errc::storage_full);
  for (int i = 0; i < 5; ++i) {
    CAF_CHECK(on.node->services().health->journal_full);
    CAF_CHECK(on.node->fire_timer());
    on.run_messages();
  }
  on.check_calm();
}

// -- D4 -----------------------------------------------------------------------

CAF_TEST(D4 every attempt carries the key of its task) {
  const auto plot = scenario_named("model retried after refusals");
  const auto calm = simulate(plot);
  CAF_REQUIRE_EQUAL(calm.executions.size(), 1u);
  CAF_CHECK_EQUAL(calm.executions.begin()->first, run_id + "/1/model");
  CAF_CHECK_EQUAL(calm.executions.begin()->second, 3u);
  const auto parallel = simulate(scenario_named("parallel tools"));
  CAF_CHECK_EQUAL(parallel.executions.at(run_id + "/1/c3"), 1u);
  CAF_CHECK_EQUAL(parallel.executions.at(run_id + "/1/c3/2"), 1u);
}

// -- D5 -----------------------------------------------------------------------

CAF_TEST(D5 a call in doubt is told as unknown or asks a person) {
  const auto plot = scenario_named("interrupted calls are told");
  const auto asking
    = scenario_named("interrupted calls ask a person who denies");
  const auto calm = simulate(plot);
  bool told = false;
  bool asked = false;
  for (std::uint64_t n = 1; n < calm.steps; ++n) {
    const crash_plan crash{crash_plan::moment::after_step, n};
    told = told
           || simulate(plot, crash)
                  .runs.at(run_id)
                  .messages.dump()
                  .find("whether it took effect is unknown")
                != std::string::npos;
    const auto found = simulate(asking, crash);
    for (const auto& entry : found.runs.at(run_id).entries)
      asked = asked || std::holds_alternative<runtime::question_asked>(entry);
  }
  CAF_CHECK(told);
  CAF_CHECK(asked);
}

// -- D6 -----------------------------------------------------------------------

CAF_TEST(D6 the dead node cannot write after a new one has come) {
  universe world{1};
  const auto zombie = storage::make_memory_journal(world.disk);
  const auto result = simulate(scenario_named("one tool"), {}, world);
  check_calm(world);
  const auto before = result.runs.at(run_id).entries.size();
  const auto refused = zombie->commit({next_batch(*zombie, zombie->epoch())});
  CAF_CHECK(refused.front().code == errc::stale_append);
  // The newest owner is refused as well when it skips or repeats a number.
  const auto owner = storage::make_memory_journal(world.disk);
  for (const auto wrong : {before, before + 2}) {
    auto batch = next_batch(*owner, owner->epoch());
    batch.next_sequence = wrong;
    CAF_CHECK(owner->commit({batch}).front().code == errc::stale_append);
  }
  CAF_CHECK_EQUAL(owner->read(run_id)->size(), before);
}

CAF_TEST(D6 a run that another node has taken over is let go) {
  stage on{"long backoff parks the run"};
  on.boot();
  on.create_one();
  on.run_to_execution();
  const auto other = storage::make_memory_journal(on.world.disk);
  CAF_CHECK(other->commit({next_batch(*other, other->epoch())}).front().code
            == errc::none);
  on.run_messages();
  CAF_CHECK(mentions(on.node->log, run_id));
  CAF_CHECK_EQUAL(other->read(run_id)->size(), 2u);
  CAF_CHECK_EQUAL(on.node->services().health->active_runs.load(), 0u);
}

// -- D7 -----------------------------------------------------------------------

CAF_TEST(D7 a run keeps the definition it was started with) {
  auto plot = scenario_named("long backoff parks the run");
  std::vector<std::string> bodies;
  plot.world.model = [&bodies](std::uint32_t, const execution& x) {
    bodies.push_back(x.input);
    return x.count == 1 ? refuses(429, "600") : says("Hello there.");
  };
  const auto calm = simulate(plot);
  bodies.clear();
  // The node that takes over is started with another agent of that name.
  const auto after
    = simulate(plot, {crash_plan::moment::after_entry, calm.entries - 2});
  CAF_CHECK_EQUAL(after.nodes, 2u);
  CAF_CHECK_EQUAL(bodies.size(), 2u);
  for (const auto& body : bodies) {
    CAF_CHECK(body.find("Be brief.") != std::string::npos);
    CAF_CHECK(body.find("\"gpt-4o\"") != std::string::npos);
  }
}

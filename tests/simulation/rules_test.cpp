#define CAF_SUITE simulation.rules

#include "runtime/flow/views.hpp"
#include "simulation/simulation.hpp"
#include "simulation/wire.hpp"

#include <caf/test/unit_test.hpp>

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

bool mentions(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
    return line.find(text) != std::string::npos;
  });
}

/// A node that a test drives itself.
struct stage {
  explicit stage(const std::string& plot_name)
    : plot(scenario_named(plot_name)) {
    world.world = plot.world;
  }

  /// Starts a node after the one before has died.
  void boot() {
    node.reset();
    settings.agents = {plot.agent};
    node = std::make_unique<sim_node>(world, settings);
    node->start();
    run_messages();
  }

  void create(std::size_t n = 0) {
    const auto agent = node->services().agents->find(plot.agent.name);
    node->create(creation(plot, n, agent->hash, world.now), agent->definition,
                 true);
  }

  void run_messages() {
    while (node->step()) {
    }
  }

  /// Plays on until the run has ended; @returns whether it has
  bool finish(const std::string& id = run_id) {
    for (int i = 0; i < 500; ++i) {
      run_messages();
      const auto state = node->folded(id);
      if (state && state->ended)
        return true;
      node->check_idle();
      if (!node->fire_timer())
        return false;
    }
    return false;
  }

  run_result result() const {
    return result_of(*node->folded(run_id), node->entries(run_id));
  }

  scenario plot;
  universe world{1};
  node_settings settings;
  std::unique_ptr<sim_node> node;
};

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

CAF_TEST(D3 a node that forgets an outcome is found out) {
  const auto plot = scenario_named("one tool");
  const auto calm = simulate(plot);
  bool found = false;
  for (std::uint64_t n = 1; n <= calm.entries; ++n) {
    universe world{1};
    world.journal_forgets = true;
    simulate(plot, {crash_plan::moment::after_entry, n}, world);
    found = found || has(world, "D3");
  }
  CAF_CHECK(found);
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
  on.create();
  on.run_messages();
  on.world.disk->full = true;
  on.create(1);
  on.run_messages();
  const auto refused = "01900000-0000-7000-8000-000000000002";
  CAF_CHECK(on.node->observed[refused].refusal.code == errc::storage_full);
  CAF_CHECK(on.node->entries(refused).empty());
  on.world.disk->full = false;
  CAF_CHECK(on.finish());
  check_calm(on.world);
}

CAF_TEST(D1 a node whose disk was full takes runs again by itself) {
  stage on{"one tool"};
  on.boot();
  on.world.disk->full = true;
  on.create();
  on.run_messages();
  CAF_CHECK(on.node->observed[run_id].refusal.code == errc::storage_full);
  CAF_CHECK(on.node->services().health->journal_full);
  on.world.disk->full = false;
  CAF_CHECK(on.node->fire_timer());
  on.run_messages();
  on.create();
  on.run_messages();
  CAF_CHECK(on.node->observed[run_id].refusal.code == errc::none);
  CAF_CHECK(on.finish());
  check_calm(on.world);
}

CAF_TEST(D1 an outcome that found no room is kept until there is some) {
  stage on{"one tool"};
  on.boot();
  on.create();
  // The run is durable and its first request is under way.
  while (on.world.executions.empty())
    CAF_REQUIRE(on.node->step());
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
  check_calm(on.world);
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
  const auto asking = scenario_named("interrupted calls ask a person");
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
    asked = asked
            || simulate(asking, crash).runs.at(run_id).error
                 == errc::approval_unavailable;
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
  on.create();
  while (on.world.executions.empty())
    CAF_REQUIRE(on.node->step());
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

// -- D9 -----------------------------------------------------------------------

CAF_TEST(D9 the journal grows with what is new) {
  auto plot = scenario_named("one tool");
  constexpr std::uint32_t steps = 40;
  plot.world.model = [](std::uint32_t step, const execution&) {
    return step < steps
             ? calls({{"c" + std::to_string(100 + step), "add", R"({"n": 1})"}})
             : says("Done.");
  };
  universe world{1};
  const auto result = simulate(plot, {}, world);
  check_calm(world);
  CAF_CHECK(result.runs.at(run_id).end == runtime::run_end::completed);
  const auto& records = world.disk->runs.at(run_id).entries;
  CAF_REQUIRE(records.size() >= 2 * steps);
  const auto step_size = [&](std::size_t step) {
    return records[2 * step - 1].size() + records[2 * step].size();
  };
  for (std::size_t step = 2; step < steps - 1; ++step)
    CAF_CHECK(step_size(step) <= step_size(1) + 16);
}

CAF_TEST(D9 large content is stored once) {
  auto plot = scenario_named("one tool");
  const auto large = "start " + std::string(50'000, 'x') + " end";
  plot.world.function
    = [&](const execution&) -> runtime::tool_reply { return json(large); };
  plot.world.model = [](std::uint32_t step, const execution&) {
    return step < 5
             ? calls({{"c" + std::to_string(step), "add", R"({"n": 1})"}})
             : says("Done.");
  };
  universe world{1};
  const auto result = simulate(plot, {}, world);
  check_calm(world);
  CAF_CHECK_EQUAL(world.disk->blobs.size(), 1u);
  CAF_CHECK(result.runs.at(run_id).messages.dump().find(large)
            != std::string::npos);
}

// -- D10 ----------------------------------------------------------------------

CAF_TEST(D10 a damaged run is not resumed and named) {
  stage on{"one tool"};
  on.boot();
  on.create();
  while (on.world.durable_entries < 2)
    CAF_REQUIRE(on.node->step());
  on.node->die();
  const auto known = on.world.executions;
  const auto intact = on.world.disk->runs.at(run_id).entries;
  for (std::size_t at = 0; at < intact[1].size(); ++at) {
    on.node.reset();
    auto& entries = on.world.disk->runs.at(run_id).entries;
    entries = intact;
    entries[1][at] = static_cast<char>(entries[1][at] ^ 1);
    on.boot();
    on.run_messages();
    CAF_CHECK(on.world.executions == known);
    CAF_CHECK_EQUAL(entries.size(), intact.size());
    CAF_CHECK(mentions(on.node->log, run_id));
    CAF_CHECK(mentions(on.node->log, "sequence 2"));
  }
  // The undamaged run goes on.
  on.node.reset();
  on.world.disk->runs.at(run_id).entries = intact;
  on.boot();
  CAF_CHECK(on.finish());
  check_calm(on.world);
}

CAF_TEST(D10 a damaged run that waits is not tried for ever) {
  stage on{"long backoff parks the run"};
  on.boot();
  on.create();
  on.run_messages();
  on.node->die();
  on.node.reset();
  on.world.disk->runs.at(run_id).entries[1].back() ^= 1;
  on.boot();
  for (int i = 0; i < 1'000 && on.node->fire_timer(); ++i)
    on.run_messages();
  CAF_CHECK(mentions(on.node->log, "sequence 2"));
  CAF_CHECK(on.node->log.size() < 5);
}

CAF_TEST(D10 a run without its definition is not resumed) {
  stage on{"one tool"};
  on.boot();
  on.create();
  while (on.world.durable_entries < 2)
    CAF_REQUIRE(on.node->step());
  on.node->die();
  const auto known = on.world.executions;
  on.world.disk->definitions.clear();
  on.plot.agent.instructions = {{"You are another one.", false}};
  on.boot();
  on.run_messages();
  CAF_CHECK(on.world.executions == known);
  CAF_CHECK(mentions(on.node->log, run_id));
}

// -- D11 ----------------------------------------------------------------------

CAF_TEST(D11 what cannot succeed ends with a typed error at once) {
  const auto end_with = [](http_answer answer) {
    auto plot = scenario_named("text only");
    plot.world.model
      = [answer](std::uint32_t, const execution&) { return answer; };
    const auto result = simulate(plot);
    CAF_CHECK_EQUAL(result.executions.begin()->second, 1u);
    return result.runs.at(run_id);
  };
  http_answer malformed = says("x");
  malformed.chunks = {"<html>not found</html>"};
  CAF_CHECK(end_with(malformed).error == errc::model_bad_response);
  http_answer huge;
  huge.end = {errc::payload_too_large, "the response is over its bound"};
  CAF_CHECK(end_with(huge).error == errc::payload_too_large);
  for (const unsigned status : {400, 401, 403, 404, 413, 422}) {
    const auto run = end_with(refuses(status));
    CAF_CHECK(run.error == errc::model_http_error);
    CAF_CHECK(run.error_message.find(std::to_string(status))
              != std::string::npos);
  }
  for (const auto* name : {"usage limit", "limit of tool calls"}) {
    const auto run = simulate(scenario_named(name)).runs.at(run_id);
    CAF_CHECK(run.error == errc::usage_limit_exceeded);
    CAF_CHECK(run.error_message.find("limit") != std::string::npos);
  }
}

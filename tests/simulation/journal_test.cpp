#define CAF_SUITE simulation.journal

#include "simulation/stage.hpp"

using namespace perdure;
using namespace perdure::simulation;
using runtime::errc;

namespace {

const std::string run_id = "01900000-0000-7000-8000-000000000001";

void check_calm(const universe& world) {
  for (const auto& violation : world.violations)
    CAF_ERROR(violation);
}

} // namespace

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
  on.create_one();
  on.run_to_entry(2);
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
  on.check_calm();
}

CAF_TEST(D10 a damaged run that waits is not tried for ever) {
  stage on{"long backoff parks the run"};
  on.boot();
  on.create_one();
  on.run_messages();
  on.node->die();
  on.node.reset();
  on.world.disk->runs.at(run_id).entries[1].back() ^= 1;
  on.boot();
  on.run_messages();
  for (int i = 0; i < 1'000 && on.node->fire_timer(); ++i)
    on.run_messages();
  CAF_CHECK(mentions(on.node->log, "sequence 2"));
  CAF_CHECK(on.node->log.size() < 5);
}

CAF_TEST(D10 a run without its definition is not resumed) {
  stage on{"one tool"};
  on.boot();
  on.create_one();
  on.run_to_entry(2);
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
  huge.end = {errc::payload_too_large, "the response is over its bound", true};
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

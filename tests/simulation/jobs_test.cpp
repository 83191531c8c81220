// Goal: the work of a provider is begun once, unless nobody could know that it
//       was, and is ended when nobody waits for it any more.

#define CAF_SUITE simulation.jobs

#include "simulation/stage.hpp"

using namespace perdure;
using namespace perdure::simulation;

namespace {

std::uint32_t
times(const std::map<std::string, std::uint32_t>& counts, std::string key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

struct job_stage : stage {
  explicit job_stage(const std::string& name) : stage(name) {
    settings.stream = plot.stream;
    boot();
    create(1);
  }

  [[nodiscard]] std::string key() const {
    return id(0) + "/1/model";
  }

  /// Plays on until the job is durably known.
  void run_to_note() {
    run_to_entry(2);
    CAF_REQUIRE(
      std::holds_alternative<runtime::task_noted>(node->entries(id(0)).back()));
  }

  /// Creates one more run and plays on until it ends.
  void play_second() {
    create_one(1);
    for (int i = 0; i < 500 && !end_of(1); ++i) {
      run_messages();
      node->fire_timer();
    }
    CAF_REQUIRE(end_of(1));
  }
};

} // namespace

CAF_TEST(a job that is known is begun once) {
  for (const auto* name :
       {"a job is polled", "a job is streamed in three exchanges",
        "a job that no attempt can reach for a while"}) {
    CAF_MESSAGE(name);
    job_stage on{name};
    on.run_to_note();
    on.node->die();
    on.boot();
    CAF_REQUIRE(on.finish());
    CAF_CHECK(on.end_of(0)->end == runtime::run_end::completed);
    CAF_CHECK_EQUAL(times(on.world.executions, on.key()), 1u);
    CAF_CHECK_EQUAL(times(on.world.cancels, on.key()), 0u);
    on.check_calm();
  }
}

CAF_TEST(a job outlives the attempts that could not reach it) {
  job_stage on{"a job that no attempt can reach for a while"};
  CAF_REQUIRE(on.finish());
  std::size_t failures = 0;
  const auto entries = on.node->entries(on.id(0));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!std::holds_alternative<runtime::attempt_failed>(entries[i]))
      continue;
    ++failures;
    CAF_REQUIRE(i + 1 < entries.size());
    CAF_CHECK(std::holds_alternative<runtime::task_noted>(entries[i + 1]));
  }
  CAF_CHECK_EQUAL(failures, 1u);
  CAF_CHECK_EQUAL(times(on.world.executions, on.key()), 1u);
  on.check_calm();
}

CAF_TEST(a job that nobody can reach any more is ended with its run) {
  job_stage on{"a job that no attempt can reach for a while"};
  on.node.reset();
  on.plot.agent.model_policy.retries = 0;
  on.plot.agent.name = "hasty";
  on.boot();
  on.play_second();
  CAF_CHECK(on.end_of(1)->error_code == runtime::errc::model_network_error);
  CAF_CHECK_EQUAL(times(on.world.cancels, on.id(1) + "/1/model"), 1u);
}

CAF_TEST(a job is ended with its run) {
  job_stage on{"a job cancelled with its run"};
  on.run_to_note();
  on.node->cancel(on.id(0));
  CAF_REQUIRE(on.finish());
  CAF_CHECK(on.end_of(0)->end == runtime::run_end::cancelled);
  CAF_CHECK_EQUAL(times(on.world.cancels, on.key()), 1u);
  on.check_calm();
}

CAF_TEST(a job is left alone when its node goes away) {
  job_stage on{"a job cancelled with its run"};
  on.run_to_note();
  CAF_CHECK_EQUAL(on.node->shut_down(), 0u);
  on.boot();
  on.run_messages();
  CAF_CHECK_EQUAL(times(on.world.cancels, on.key()), 0u);
  CAF_CHECK(times(on.world.fetches, on.key()) > 0);
  CAF_CHECK_EQUAL(times(on.world.executions, on.key()), 1u);
}

CAF_TEST(a job is ended when the time of its attempt is over) {
  job_stage on{"a job cancelled with its run"};
  on.node.reset();
  on.plot.agent.model_policy.timeout = std::chrono::seconds{7};
  on.plot.agent.model_policy.retries = 0;
  on.plot.agent.name = "hasty";
  on.boot();
  on.play_second();
  CAF_CHECK(on.end_of(1)->error_code == runtime::errc::model_timeout);
  const auto key = on.id(1) + "/1/model";
  CAF_CHECK_EQUAL(times(on.world.cancels, key), 1u);
  CAF_CHECK_EQUAL(times(on.world.fetches, key), 3u);
}

CAF_TEST(a job that is over is not ended) {
  for (const auto* name : {"a job is polled", "a job that expires"}) {
    job_stage on{name};
    CAF_REQUIRE(on.finish());
    CAF_CHECK_EQUAL(times(on.world.cancels, on.key()), 0u);
    on.check_calm();
  }
}

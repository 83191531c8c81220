#pragma once

#include "simulation/scenario.hpp"

namespace perdure::simulation {

/// When the (first) node dies.
struct crash_plan {
  enum class moment {
    never,
    /// Right after the n-th entry became durable, before anybody knows.
    after_entry,
    /// In the n-th commit, before it is durable.
    before_commit,
    /// After the n-th thing that the node handled.
    after_step,
  };
  moment when = moment::never;
  std::uint64_t n = 0;
};

/// What became of one run.
struct run_result {
  runtime::run_end end = runtime::run_end::failed;
  json output;
  runtime::errc error = runtime::errc::none;
  std::string error_message;
  /// Without times.
  json messages;
  std::vector<runtime::entry> entries;
};

struct simulation_result {
  /// By run id.
  std::map<std::string, run_result> runs;
  std::vector<std::string> violations;
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;
  std::uint64_t entries = 0;
  std::uint32_t nodes = 0;
  std::map<std::string, std::uint32_t> executions;
};

/// Plays a scenario until all its runs have ended, with one crash at most.
simulation_result
simulate(const scenario& plot, const crash_plan& crash, universe& world);
simulation_result simulate(const scenario& plot, const crash_plan& crash = {});

/// What is wrong with a run that saw a crash; empty when nothing is.
std::string compare(const scenario& plot, const simulation_result& calm,
                    const simulation_result& crashed);

/// The n-th run of a scenario, as its client asks for it.
runtime::run_created
creation(const scenario& plot, std::size_t n,
         const std::string& definition_hash, timestamp now);

run_result
result_of(const runtime::run_state& state, std::vector<runtime::entry> entries);

} // namespace perdure::simulation

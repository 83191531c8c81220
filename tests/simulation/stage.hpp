#pragma once

#include "simulation/simulation.hpp"
#include "simulation/wire.hpp"

#include <caf/test/unit_test.hpp>

namespace perdure::simulation {

/// A node that a test drives itself, with the runs of one scenario.
struct stage {
  explicit stage(const std::string& plot_name)
    : plot(scenario_named(plot_name)) {
    world.world = plot.world;
  }

  /// Starts a node, after the one before has died.
  void boot() {
    node.reset();
    settings.agents = {plot.agent};
    node = std::make_unique<sim_node>(world, settings);
    node->start();
  }

  void create_one(std::size_t n = 0) {
    const auto agent = node->services().agents->find(plot.agent.name);
    node->create(creation(plot, n, agent->hash, world.now), agent->definition,
                 true);
  }

  void create(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n)
      create_one(n);
  }

  void run_messages() {
    while (node->step()) {
    }
  }

  /// Plays on until something was executed outside.
  void run_to_execution() {
    while (world.executions.empty())
      CAF_REQUIRE(node->step());
  }

  void run_to_entry(std::uint64_t count) {
    while (world.durable_entries < count)
      CAF_REQUIRE(node->step());
  }

  /// Plays on until the first run has ended; @returns whether it has
  bool finish() {
    for (int i = 0; i < 500; ++i) {
      run_messages();
      if (end_of(0))
        return true;
      node->check_idle();
      if (!node->fire_timer())
        return false;
    }
    return false;
  }

  std::string id(std::size_t n) const {
    return creation(plot, n, {}, world.now).run_id;
  }

  std::optional<runtime::run_ended> end_of(std::size_t n) const {
    const auto state = node->folded(id(n));
    return state ? state->ended : std::nullopt;
  }

  void check_calm() const {
    for (const auto& violation : world.violations)
      CAF_ERROR(violation);
  }

  scenario plot;
  universe world{1};
  node_settings settings;
  std::unique_ptr<sim_node> node;
};

inline bool
mentions(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
    return line.find(text) != std::string::npos;
  });
}

} // namespace perdure::simulation

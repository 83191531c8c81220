#pragma once

#include "actors/runs/gateway.hpp"
#include "simulation/fake_servers.hpp"
#include "simulation/fakes.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <set>

namespace perdure::simulation {

struct node_settings {
  /// Agents that this node is started with.
  std::vector<runtime::agent_definition> agents;
  actors::run_options runs;
  bool stream = false;
  /// Messages, arrivals and timers come in random order.
  bool shuffled = false;
};

/// What the clients of one node were told of a run.
struct observation {
  bool answered = false;
  runtime::failure refusal;
  std::string run_json;
  /// Sequence of the last entry that was published; 0 for none.
  std::uint64_t last_published = 0;
  std::shared_ptr<runtime::run_state> folded;
};

/// One incarnation of a node.
class sim_node {
public:
  sim_node(universe& world, node_settings settings);
  ~sim_node();

  sim_node(const sim_node&) = delete;
  sim_node& operator=(const sim_node&) = delete;

  void start();
  void create(runtime::run_created entry, runtime::definition_ptr definition,
              bool watch);
  void cancel(const std::string& run_id);
  /// Puts all open questions to the people of the world, and their answers to
  /// the node. @returns whether there were any
  bool ask_people();
  void answer(const std::string& question, json body);

  /// Handles one message or one thing that comes from outside.
  /// @returns false when there is none.
  bool step();
  /// Lets the time pass until the next timer. @returns false without one.
  bool fire_timer();
  /// Checks what holds whenever nothing happens (D8).
  void check_idle();

  [[nodiscard]] bool dead() const noexcept {
    return life_->over;
  }
  void die() noexcept {
    life_->over = true;
  }

  /// Drains the node. @returns the number of actors that stay behind.
  std::size_t shut_down();

  [[nodiscard]] const actors::services& services() const noexcept {
    return *services_;
  }

  /// The run as the disk has it.
  [[nodiscard]] std::optional<runtime::run_state>
  folded(const std::string& run_id) const;
  [[nodiscard]] std::vector<runtime::entry>
  entries(const std::string& run_id) const;
  [[nodiscard]] std::vector<std::string> run_ids() const;

  /// Nothing arrives from outside while set.
  bool isolated = false;
  std::map<std::string, observation> observed;
  std::vector<std::string> log;

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };

  void make_services();
  void deploy();
  runtime::host_code code();
  void witness_execution(const execution& made);
  void witness_handling(const execution& made);
  /// Work that a server has begun is asked for and not begun again.
  void witness_call(const execution& made,
                    const runtime::mcp::call_request& request);
  void
  on_settled(const std::string& question, const actors::question_settled& x);
  void on_answer(const std::string& run_id, const actors::create_answer& x);
  void
  on_published(const std::string& run_id, const actors::entries_published& x);
  void on_over(const std::string& run_id, const actors::run_over& x);
  actors::watcher_actor spawn_watcher(const std::string& run_id);
  runtime::definition_ptr definition_of(const std::string& run_id) const;
  void advance(std::chrono::milliseconds time);
  void note_time();
  /// Delivers the n-th thing that comes from outside.
  void arrive(std::size_t n);

  universe& world_;
  node_settings settings_;
  std::shared_ptr<life> life_ = std::make_shared<life>();
  std::shared_ptr<sim_journal> journal_;
  std::shared_ptr<fake_http> http_;
  std::shared_ptr<fake_processes> processes_;
  std::shared_ptr<fake_servers> mcp_;
  actors::services_ptr services_;
  system_config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  timestamp started_at_;
  actors::journal_writer_actor writer_;
  actors::mcp_hub_actor hub_;
  actors::gateway_actor gateway_;
  std::vector<caf::actor> clients_;
  /// Questions that people have answered, well or badly.
  std::set<std::string> asked_;
};

} // namespace perdure::simulation

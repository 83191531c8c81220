#pragma once

#include "actors/mcp/hub.hpp"
#include "unit/connections/fake_server.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

namespace perdure::tests {

/// What became of calls, by their tokens.
struct ended_calls {
  std::map<std::uint64_t, actors::mcp_call_ended> outcomes;
  /// Calls that ended twice.
  std::size_t doubles = 0;

  /// The result of a call that was completed; null for any other.
  [[nodiscard]] json result(std::uint64_t token) const {
    const auto found = outcomes.find(token);
    if (found == outcomes.end())
      return nullptr;
    const auto* done = std::get_if<mcp::completed>(&found->second.outcome);
    return done == nullptr ? json{} : done->result;
  }

  /// Null when it did not fail.
  [[nodiscard]] const mcp::call_failure* failure(std::uint64_t token) const {
    const auto found = outcomes.find(token);
    return found == outcomes.end()
             ? nullptr
             : std::get_if<mcp::call_failure>(&found->second.outcome);
  }
};

/// A hub, a server and callers, one message at a time, with a clock of its own.
class hub_stage {
public:
  hub_stage();
  ~hub_stage();

  /// A caller of its own; it lives until `hang_up`.
  actors::mcp_caller add_caller();
  void hang_up(const actors::mcp_caller& caller);

  /// Calls the tool `echo` with `{"n": token}`.
  void call(const actors::mcp_caller& caller, std::uint64_t token,
            const std::string& run_id = {});
  void call(const actors::mcp_caller& caller, std::uint64_t token,
            mcp::call_request request, const std::string& run_id = {});

  /// Handles all messages.
  void run();
  /// Lets time pass, and handles all messages.
  void pass(std::chrono::milliseconds time);

  /// The one connection that there is.
  [[nodiscard]] actors::mcp_board::entry shown() const;

  mcp::server_options options;
  fake_server server;
  ended_calls ended;
  std::vector<std::string> logs;
  std::shared_ptr<actors::mcp_board> board
    = std::make_shared<actors::mcp_board>();
  actors::mcp_hub_actor hub;

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };

  system_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_;
  std::vector<actors::mcp_caller> callers_;
};

} // namespace perdure::tests

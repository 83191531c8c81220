#pragma once

#include "actors/mcp/hub.hpp"
#include "simulation/universe.hpp"

namespace perdure::simulation {

/// Hears of every call before it counts.
using call_witness = std::function<void(
  const execution& made, const runtime::mcp::call_request& request)>;

/// All MCP servers of the world, as a node reaches them.
class fake_servers {
public:
  fake_servers(universe& world, std::shared_ptr<life> owner, call_witness seen);

  void start(const actors::mcp_call& call);
  void reply(const actors::mcp_reply& reply);
  /// A caller is gone.
  void drop(const caf::actor_addr& caller);

  /// Calls of which something could arrive now.
  [[nodiscard]] std::size_t open() const noexcept;
  [[nodiscard]] bool open_for(const std::string& run_id) const;

  /// Delivers what comes next of the n-th of them.
  /// @returns time that passes before it
  std::chrono::milliseconds delay(std::size_t n) const;
  void deliver(std::size_t n);

private:
  struct call {
    std::string key;
    actors::mcp_caller caller;
    std::uint64_t token = 0;
    mcp_answer script;
    std::size_t notes_sent = 0;
    /// Of the last question that was asked.
    runtime::mcp::question_id question{};
    std::size_t asked = 0;
    std::vector<json> answers = {};

    [[nodiscard]] bool waits() const noexcept {
      return asked > answers.size();
    }
    [[nodiscard]] bool is_done() const noexcept {
      return notes_sent == script.notes.size()
             && answers.size() == script.questions.size();
    }
  };

  /// Position of the n-th call that does not wait.
  [[nodiscard]] std::size_t position(std::size_t n) const;

  universe& world_;
  std::shared_ptr<life> owner_;
  call_witness seen_;
  std::uint64_t last_question_ = 0;
  std::vector<call> calls_;
};

/// The hub through which a node reaches them.
actors::mcp_hub_actor::behavior_type
fake_hub(actors::mcp_hub_actor::pointer self,
         std::shared_ptr<fake_servers> servers);

} // namespace perdure::simulation

#pragma once

#include "actors/mcp/connection.hpp"

#include <map>

namespace perdure::actors {

using mcp_hub_actor = caf::typed_actor<
  // Handed on to the connection that is meant, which is made if need be.
  caf::reacts_to<mcp_call>,
  // Handed on to the connection that is meant, if there is one.
  caf::reacts_to<mcp_reply>,
  // Closes the run's own connections.
  caf::reacts_to<mcp_run_left>,
  // Ends the quarantines of the servers of that name.
  caf::reacts_to<forgive_atom, std::string>>;

/// Finds the connection to a server, or makes it: one for each server and its
/// credentials, and for each run, where the server's entry says so.
struct mcp_hub_state {
  explicit mcp_hub_state(mcp_hub_actor::pointer self_ptr);
  ~mcp_hub_state();

  void call(mcp_call& request);
  void reply(mcp_reply& message);
  void leave(const std::string& run_id);
  void forgive(const std::string& server_id);
  /// A connection is gone.
  void drop(const caf::actor_addr& connection);

  static constexpr const char* name = "mcp-hub";

  mcp_hub_actor::pointer self;
  mcp_world world;

private:
  /// What tells connections apart, then the run.
  using key = std::pair<std::string, std::string>;

  static key key_of(const mcp_address& to);

  struct connection {
    mcp_connection_actor actor;
    std::string server_id;
  };

  std::map<key, connection> connections_;
  /// By what tells connections apart.
  std::map<std::string, std::shared_ptr<mcp_verdict>> verdicts_;
};

mcp_hub_actor::behavior_type
mcp_hub(mcp_hub_actor::stateful_pointer<mcp_hub_state> self, mcp_world world);

} // namespace perdure::actors

#pragma once

#include "actors/edges/http_server.hpp"
#include "actors/edges/mcp_credentials.hpp"
#include "actors/node/run_client.hpp"
#include "actors/services.hpp"
#include "runtime/agent/host_code.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perdure::actors {

struct agent_deployment {
  runtime::agent_definition definition;
  /// What the definition names of the host program.
  runtime::host_code code;
};

struct node_options {
  /// Where everything lasts; never null.
  std::shared_ptr<storage::journal> journal;
  std::vector<agent_deployment> agents;
  std::map<std::string, provider_settings> providers;
  runtime::language_services language;
  /// Null: no variable is set.
  std::function<std::optional<std::string>(std::string_view)> environment;
  /// Fills the variables of a text in; null: texts are taken as they are.
  std::function<runtime::result<std::string>(std::string_view)> expand;
  run_options runs;
  /// Absent: no HTTP API.
  std::optional<http_server_options> http;
  /// Required of every caller of the API but for health.
  std::string token;
  logger log;
  /// Threads of the actor system; 0 takes one per core.
  std::size_t threads = 0;
  /// Threads for code of the host program, which may block; at least 1.
  std::size_t function_threads_max = 64;
  /// Of MCP servers; null for those that are kept in memory.
  std::shared_ptr<mcp_credentials> credentials;
  /// Called once, on any thread, when the journal has failed and the process
  /// must end.
  std::function<void(const std::string&)> on_failure;
  // Null takes the real thing.
  std::shared_ptr<actors::world> world;
  std::shared_ptr<actors::http_client> client;
  std::shared_ptr<process_runner> processes;
};

/// One node: the root supervisor of everything that runs in it.
class node {
public:
  virtual ~node() = default;

  /// Deploys the agents, brings unfinished runs back, opens the doors.
  /// Errors: what deploying or listening returns.
  static runtime::result<std::unique_ptr<node>> start(node_options options);

  /// Port of the HTTP API; 0 without one.
  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;

  [[nodiscard]] virtual const node_health& health() const noexcept = 0;

  /// The runs, for the program that the node is a part of.
  [[nodiscard]] virtual run_client& runs() noexcept = 0;

  /// Closes the doors, drops the runs as they are (they go on at the next
  /// start), writes out what is on its way to the journal, ends all threads.
  /// Idempotent.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

} // namespace perdure::actors

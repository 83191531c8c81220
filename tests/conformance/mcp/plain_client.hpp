#pragma once

#include "actors/mcp/hub.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>
#include <string>

namespace perdure::tests {

using runtime::json;
namespace mcp = runtime::mcp;

/// Calls one MCP server, one call at a time, and answers whatever it asks as an
/// agreeable person would.
class plain_client {
public:
  /// @param visitor for servers that want a person to log in
  explicit plain_client(mcp::server_options options,
                        actors::mcp_visitor visitor = {});
  ~plain_client();

  plain_client(const plain_client&) = delete;
  plain_client& operator=(const plain_client&) = delete;

  /// Sends a request, once. Thread-safe.
  mcp::call_outcome call(mcp::call_request request);

  /// Sends a request until it is done.
  /// Throws std::runtime_error when it fails.
  json result(std::string method, json params = json::object());

  /// The tools that may be called, by name, as `tools/list` has them.
  std::map<std::string, json> tools();

  /// Calls a tool of those that were listed. Throws as `result` does.
  json call_tool(const std::string& name, const json& arguments,
                 mcp::call_request request = {});

  [[nodiscard]] actors::mcp_status status() const;

  /// Notifications of progress that came.
  [[nodiscard]] std::size_t progress() const {
    return progress_;
  }

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };

  json finish(mcp::call_request request);

  actors::mcp_address address_;
  std::shared_ptr<actors::mcp_board> board_;
  system_config config_;
  caf::actor_system system_{config_};
  actors::mcp_hub_actor hub_;
  std::map<std::string, std::vector<mcp::header_param>> header_params_;
  std::atomic<std::size_t> progress_{0};
};

} // namespace perdure::tests

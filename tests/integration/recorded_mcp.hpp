#pragma once

#include "actors/edges/http_server.hpp"
#include "integration/recorded.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace perdure::tests {

/// An MCP server over Streamable HTTP on loopback that says what a server said
/// before: each request gets the recorded answer to its method, with its own id
/// in it, cut into pieces at random offsets.
///
/// Threads: every member may be called from any thread.
class recorded_mcp_server {
public:
  /// @param exchanges the recorded ones with the server
  /// @param seed where the answers are cut follows from it
  recorded_mcp_server(std::vector<plain> exchanges, std::uint64_t seed);
  ~recorded_mcp_server();

  [[nodiscard]] std::string url() const;

  /// The messages that came, in order.
  [[nodiscard]] std::vector<plain> asked() const;

private:
  using exchange_ptr = std::shared_ptr<actors::server_exchange>;

  void handle(const exchange_ptr& exchange);
  /// The recorded answer to this method; null for none.
  [[nodiscard]] const plain* answer_to(const std::string& method) const;
  void stream(const exchange_ptr& exchange, std::string body);

  const std::vector<plain> exchanges_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<plain> asked_;
  std::unique_ptr<actors::http_server> server_;
};

} // namespace perdure::tests

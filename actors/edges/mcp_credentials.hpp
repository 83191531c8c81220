#pragma once

#include "runtime/mcp/oauth/flow.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace perdure::actors {

/// What was granted for one MCP server.
struct mcp_credential {
  std::optional<runtime::mcp::oauth::grant> grant;
  /// What authorization servers know the node by, by issuer.
  std::map<std::string, runtime::mcp::oauth::client> clients;
};

/// Keeps credentials. Thread-safe.
class mcp_credentials {
public:
  virtual ~mcp_credentials() = default;

  /// @param server what tells servers and their clients apart
  virtual mcp_credential load(const std::string& server) = 0;
  virtual void save(const std::string& server, mcp_credential what) = 0;
};

/// Keeps them as long as it lives.
class mcp_credentials_in_memory final : public mcp_credentials {
public:
  mcp_credential load(const std::string& server) override {
    const std::lock_guard guard{mutex_};
    return credentials_[server];
  }

  void save(const std::string& server, mcp_credential what) override {
    const std::lock_guard guard{mutex_};
    credentials_[server] = std::move(what);
  }

private:
  std::mutex mutex_;
  std::map<std::string, mcp_credential> credentials_;
};

} // namespace perdure::actors

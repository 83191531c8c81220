#pragma once

#include "runtime/mcp/oauth/flow.hpp"

#include <filesystem>
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
  /// What the grant does not allow and the next login is to ask for.
  std::string wanted_scope = {};
};

/// Keeps credentials. Thread-safe.
class mcp_credentials {
public:
  virtual ~mcp_credentials() = default;

  /// @param server what tells servers and their clients apart
  [[nodiscard]] virtual mcp_credential
  load(const std::string& server) const = 0;

  /// What is saved counts from now on, even if it could not be made to last.
  /// Errors: errc::storage_io
  virtual runtime::result<runtime::unit>
  save(const std::string& server, mcp_credential what) = 0;

  /// @returns whether there was something to forget
  /// Errors: errc::storage_io
  virtual runtime::result<bool> forget(const std::string& server) = 0;
};

/// Keeps them as long as it lives.
class mcp_credentials_in_memory final : public mcp_credentials {
public:
  [[nodiscard]] mcp_credential load(const std::string& server) const override {
    const std::lock_guard guard{mutex_};
    const auto found = credentials_.find(server);
    return found == credentials_.end() ? mcp_credential{} : found->second;
  }

  runtime::result<runtime::unit>
  save(const std::string& server, mcp_credential what) override {
    const std::lock_guard guard{mutex_};
    credentials_[server] = std::move(what);
    return runtime::ok();
  }

  runtime::result<bool> forget(const std::string& server) override {
    const std::lock_guard guard{mutex_};
    return credentials_.erase(server) > 0;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, mcp_credential> credentials_;
};

/// Keeps them in a file that only its owner may read, which is replaced as a
/// whole.
/// Shape:   docs/formats.md, "Credentials of MCP servers"
/// Errors:  errc::storage_io; errc::storage_corrupt for a file that cannot be
///          read; errc::unauthorized for one that others may read
runtime::result<std::shared_ptr<mcp_credentials>>
open_mcp_credentials(const std::filesystem::path& file);

} // namespace perdure::actors

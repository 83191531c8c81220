#pragma once

#include <memory>
#include <perdure/json.hpp>
#include <perdure/mcp_server.hpp>
#include <string>

namespace perdure {

/// A server of the Model Context Protocol by itself: each call is made once,
/// and nothing is kept.
///
///     perdure::mcp_client files{{.id = "files", .command = {"file-server"}}};
///     files.call_tool("read_file", {{"path", "notes.txt"}});
///
/// Calls wait for the answer. Lists are whole, and empty where a server has no
/// such thing; other results are as the server gave them.
///
/// Errors:  members throw `error`: `mcp_unavailable` when the server cannot be
///          reached or is lost, `mcp_error` for what it refuses. A tool that
///          fails is a result that says `isError`
/// Threads: any, also several at once
class mcp_client {
public:
  explicit mcp_client(mcp_server server);
  mcp_client(mcp_client&& other) noexcept;
  mcp_client& operator=(mcp_client&& other) noexcept;
  ~mcp_client();

  [[nodiscard]] json list_tools() const;
  [[nodiscard]] json call_tool(const std::string& name,
                               const json& arguments = json::object()) const;

  [[nodiscard]] json list_resources() const;
  [[nodiscard]] json list_resource_templates() const;
  /// @returns the contents, an array
  [[nodiscard]] json read_resource(const std::string& uri) const;

  [[nodiscard]] json list_prompts() const;
  /// @param arguments strings, by name
  [[nodiscard]] json get_prompt(const std::string& name,
                                const json& arguments = json::object()) const;

private:
  class implementation;

  std::unique_ptr<implementation> impl_;
};

} // namespace perdure

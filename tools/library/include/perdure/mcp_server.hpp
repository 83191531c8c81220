#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace perdure {

/// What a result does that an MCP server calls an error.
enum class tool_error_behavior {
  /// The model is asked to try again.
  retry,
  /// The model is told that the call failed.
  failed,
  /// The run fails.
  error,
};

/// A server of the Model Context Protocol, whose tools an agent has: a program
/// or an address. Each run asks it for its tools first and keeps them to its
/// end.
///
///     agent.toolset(perdure::mcp_server{
///       .id = "files", .command = {"npx", "-y", "server-filesystem", "."}});
///
/// Texts marked "late" may hold `${NAME}` and `${NAME:-default}`, which stand
/// for variables of the environment and are never stored.
struct mcp_server {
  /// One of its kind in an agent.
  std::string id = {};

  // -- a program

  /// With its arguments; late. Its messages are lines of text.
  std::vector<std::string> command = {};
  /// Values are late.
  std::map<std::string, std::string> env = {};
  std::string cwd = {};

  // -- an address

  /// Streamable HTTP, or HTTP+SSE when it ends in `/sse`; late.
  std::string url = {};
  /// Values are late.
  std::map<std::string, std::string> headers = {};

  // -- tools

  /// Tools are called `{prefix}_{name}`; empty: `{name}`.
  std::string prefix = {};
  /// Names as the server says them; absent: all.
  std::optional<std::vector<std::string>> allowed_tools = {};
  perdure::tool_error_behavior tool_error_behavior
    = perdure::tool_error_behavior::retry;
  /// Times in a row that the model may be asked to try again; the agent's when
  /// absent.
  std::optional<std::uint32_t> max_retries = {};
  /// What the server has to say goes to the model.
  bool include_instructions = false;
  /// The model gets tools that list and read the server's resources, and its
  /// prompts, if the server has any.
  bool resources = false;
  bool prompts = false;
  /// Tools that may run as a task of the server do.
  bool prefer_tasks = true;
  /// The server may have the run's model say something while it works on a
  /// call; the run pays for it.
  bool sampling = false;
  /// `provider:model` that is asked in place of the run's; empty for that.
  std::string sampling_model = {};

  /// Each run has a connection of its own.
  bool per_run = false;
  /// Of opening the connection.
  std::chrono::milliseconds init_timeout{30'000};
  /// Longest silence of the server during one call.
  std::chrono::milliseconds read_timeout{300'000};
};

} // namespace perdure

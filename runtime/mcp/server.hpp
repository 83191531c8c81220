#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime::mcp {

/// How a server is reached. Append only, never renumber.
enum class transport_kind : std::uint8_t {
  /// A child process; messages are lines.
  stdio = 0,
  /// Streamable HTTP; falls back to `sse` when the server knows nothing else.
  http = 1,
  /// HTTP with server-sent events, as of 2024-11-05.
  sse = 2,
};

/// Who shares one connection. Append only, never renumber.
enum class connection_scope : std::uint8_t {
  /// All runs of the node whose server and credentials are the same.
  shared = 0,
  per_run = 1,
};

/// What a result that says `isError` does. Append only, never renumber.
enum class tool_error_behavior : std::uint8_t {
  /// The model is asked to try again.
  retry = 0,
  /// The model is told that the call failed.
  failed = 1,
  /// The run fails.
  error = 2,
};

std::string_view to_string(transport_kind kind) noexcept;
std::string_view to_string(connection_scope scope) noexcept;
std::string_view to_string(tool_error_behavior behavior) noexcept;

/// How the node gets a token. Append only, never renumber.
enum class auth_kind : std::uint8_t {
  /// No more than what `headers` say.
  none = 0,
  /// OAuth: the node's own, with a client secret or a signed assertion.
  client_credentials = 1,
  /// OAuth: a person has logged in once.
  login = 2,
};

std::string_view to_string(auth_kind kind) noexcept;

struct auth_options {
  auth_kind kind = auth_kind::none;
  std::string client_id;
  /// Late, see `server_options`.
  std::string client_secret;
  /// File with a private key (PEM) in place of the secret.
  std::string private_key_file;
  /// Empty: what the server asks for.
  std::string scope;
  /// Where the description of the client stands, for servers that accept one.
  std::string client_metadata_url;
};

/// An MCP server as an agent names it.
///
/// Secrets: texts marked "late" may name `${VAR}` and `${VAR:-default}`, which
///          are filled in when the connection is opened and never stored
/// Shape:   `to_json`; part of an agent's definition
/// Source:  docs/agent-files.md, "MCP"
struct server_options {
  /// One of its kind in an agent.
  std::string id;
  transport_kind transport = transport_kind::stdio;

  // -- stdio
  /// Program and arguments, late; never a shell.
  std::vector<std::string> argv;
  /// Its environment besides PATH, HOME, LANG and TZ; values are late.
  std::map<std::string, std::string> env;
  std::string cwd;

  // -- http, sse
  /// Late.
  std::string url;
  /// Of every request; values are late.
  std::map<std::string, std::string> headers;
  auth_options auth;

  connection_scope scope = connection_scope::shared;
  /// Of the protocol; empty: the newest that both sides know.
  std::string version;
  std::string description;

  // -- tools
  /// Tools are called `{prefix}_{name}`; empty: `{name}`.
  std::string prefix;
  /// Names as the server says them; absent: all.
  std::optional<std::vector<std::string>> allowed_tools;
  tool_error_behavior on_tool_error = tool_error_behavior::retry;
  /// Times the model may be asked to try again in a row; the agent's when
  /// absent.
  std::optional<std::uint32_t> max_retries;
  /// The server's instructions go to the model.
  bool include_instructions = false;
  /// The server may have the run's model say something while it works on a
  /// call; a model request of the run, which pays for it.
  bool sampling = false;
  /// `provider:model` that is asked in place of the run's; empty for that.
  std::string sampling_model;
  /// The model gets tools that read the server's resources, and its prompts, if
  /// the server has any.
  bool resources = false;
  bool prompts = false;
  /// Tools that may run as a task of the server do.
  bool prefer_tasks = true;
  /// Lists are kept until the server says that they changed.
  bool cache_lists = true;

  // -- bounds
  /// Of opening the connection and the handshake.
  std::chrono::milliseconds init_timeout{30'000};
  /// Longest silence of the server during one request.
  std::chrono::milliseconds read_timeout{300'000};
  /// Of one call, whatever the progress; absent: for ever.
  std::optional<std::chrono::milliseconds> call_timeout;
  /// Of one message; larger ones fail the call.
  std::uint64_t message_bytes_max = 32ull << 20;
  /// A connection that nobody has used for so long is closed.
  std::chrono::milliseconds idle_timeout{600'000};

  /// The least level of log messages that are wanted; empty: none.
  std::string log_level;
  /// Folders that the server is told of, as `file://` URIs.
  std::vector<std::string> roots;
};

/// Every field that differs from its default, keys in a fixed order.
json to_json(const server_options& server);

/// Reads what `to_json` wrote. Keys that it does not know are left alone.
/// @param problem gets what is wrong, unless it has something already
server_options
read_server_options(const json& value, std::string place, std::string& problem);

} // namespace perdure::runtime::mcp

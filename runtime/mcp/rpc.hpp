#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// JSON-RPC 2.0 as the Model Context Protocol (MCP) uses it.
namespace perdure::runtime::mcp {

/// Names a request until it is answered. Each side has ids of its own.
using rpc_id = std::variant<std::int64_t, std::string>;

struct rpc_error {
  std::int64_t code = 0;
  std::string message;
  /// Null when absent.
  json data;
};

/// Codes of JSON-RPC and MCP that the client acts on or sends.
namespace rpc_code {

constexpr std::int64_t invalid_request = -32600;
constexpr std::int64_t method_not_found = -32601;
constexpr std::int64_t invalid_params = -32602;
constexpr std::int64_t internal_error = -32603;
constexpr std::int64_t header_mismatch = -32020;
constexpr std::int64_t missing_capability = -32021;
constexpr std::int64_t unsupported_version = -32022;
constexpr std::int64_t url_elicitation_required = -32042;

} // namespace rpc_code

// -- what arrives -------------------------------------------------------------

struct rpc_request {
  rpc_id id;
  std::string method;
  /// An object; empty when absent.
  json params;
};

struct rpc_notification {
  std::string method;
  /// An object; empty when absent.
  json params;
};

struct rpc_answer {
  /// Absent when the server could not tell which request it answers.
  std::optional<rpc_id> id;
  /// The result, or the error.
  std::variant<json, rpc_error> outcome;
};

/// JSON, but no message of the protocol.
struct rpc_noise {
  std::string reason;
};

using rpc_message
  = std::variant<rpc_request, rpc_notification, rpc_answer, rpc_noise>;

/// Whether several messages may stand in one text (only 2025-03-26 has that).
enum class batches { refused, accepted };

/// Reads one text. What is no message of the protocol is `rpc_noise`; so is
/// text that is no JSON.
/// @returns at least one message
std::vector<rpc_message> parse_messages(std::string_view text, batches mode);

// -- what is sent -------------------------------------------------------------

/// @param params left out when null or an empty object
std::string
request_text(std::int64_t id, std::string_view method, const json& params);
std::string notification_text(std::string_view method, const json& params);
std::string answer_text(const rpc_id& id, const json& result);
std::string error_text(const rpc_id& id, const rpc_error& error);

/// For people: `7`, or `"a"`.
std::string to_string(const rpc_id& id);

} // namespace perdure::runtime::mcp

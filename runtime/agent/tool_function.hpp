#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>

namespace perdure::runtime {

/// What a tool of the host program knows of the call it serves.
struct tool_invocation {
  std::string run_id;
  std::string tool_name;
  std::string tool_call_id;
  /// The same for every attempt of this call (D4).
  std::string idempotency_key;
  std::uint32_t attempt = 1;
  /// An object that fits the tool's schema.
  json arguments;
  /// Of the run; null for none.
  json deps;
};

/// The model is asked to try again with other arguments.
struct tool_retry {
  std::string message;
};

/// The model is told that the tool failed.
struct tool_failed {
  std::string message;
};

using tool_reply = std::variant<json, tool_retry, tool_failed>;

/// Code of the host program behind a tool. Called on a thread of the actor
/// system, for several runs at once; a call that blocks holds up others. What
/// it throws is a failed attempt.
using tool_function = std::function<tool_reply(const tool_invocation&)>;

/// By tool name.
using tool_functions = std::map<std::string, tool_function>;

} // namespace perdure::runtime

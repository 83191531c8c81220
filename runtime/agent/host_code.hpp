#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

/// Code of the host program that takes part in runs: a definition is data, and
/// names it.
///
/// It is called on a thread of its own, for several runs at once, and may
/// block. What it throws is a failed attempt.
namespace perdure::runtime {

/// What code of the host program knows of the run that it serves.
struct host_context {
  std::string run_id;
  std::string agent;
  /// The same for every attempt at this work (D4).
  std::string idempotency_key;
  /// Counted from 1.
  std::uint32_t attempt = 1;
  /// Times the model was asked to try again in the steps right before.
  std::uint32_t retry = 0;
  /// Of the run; null for none.
  json deps;
  json metadata;
  /// Says when nobody waits for the result any more.
  std::stop_token stop = {};
};

// -- tools --------------------------------------------------------------------

struct tool_invocation : host_context {
  std::string tool_name;
  std::string tool_call_id;
  /// A person has allowed this call, and said this.
  bool is_approved = false;
  json approval_metadata;
  /// An object that fits the tool's schema.
  json arguments;
};

/// A value with things besides it.
struct tool_return {
  json value;
  /// For the model, behind all results of the round: content of a user prompt.
  /// Null for none.
  json content;
  /// Kept with the result, never sent to a model. Null for none.
  json metadata;
};

/// The model is asked to try again with other arguments.
struct tool_retry {
  std::string message;
};

/// The model is told that the tool failed.
struct tool_failed {
  std::string message;
};

/// A person has to allow the call first; it is then made again.
struct tool_needs_approval {
  /// For whoever decides. Null for none.
  json metadata;
};

/// The result comes later, from outside.
struct tool_deferred {
  json metadata;
};

using tool_reply = std::variant<json, tool_return, tool_retry, tool_failed,
                                tool_needs_approval, tool_deferred>;

using tool_function = std::function<tool_reply(const tool_invocation&)>;

/// By tool name.
using tool_functions = std::map<std::string, tool_function>;

// -- outputs ------------------------------------------------------------------

struct output_invocation : host_context {
  /// Name of the output's type; empty for text.
  std::string type;
  /// What the model gave; it fits the type's schema.
  json value;
};

/// The output, or what the model is told before it tries again.
using output_reply = std::variant<json, tool_retry>;

using output_function = std::function<output_reply(const output_invocation&)>;

// -- events -------------------------------------------------------------------

struct event_invocation : host_context {
  /// Name of the handler.
  std::string handler;
  /// Number of the event in its run.
  std::uint64_t number = 0;
  /// `{run_id, seq, time, event, agent}`.
  json envelope;
};

/// Returns once the event is handled.
using event_function = std::function<void(const event_invocation&)>;

// -- all of one agent ---------------------------------------------------------

struct host_code {
  tool_functions tools;
  /// Tools whose functions do next to nothing and never wait: they are called
  /// at once, on a thread of the actor system, and no timeout applies.
  std::set<std::string> quick_tools;
  /// By the name of the output's type; makes the output of what was given.
  std::map<std::string, output_function> outputs;
  /// Called in order on what comes out.
  std::vector<output_function> validators;
  /// By the name of the event handler.
  std::map<std::string, event_function> handlers;
};

} // namespace perdure::runtime

#pragma once

#include "runtime/agent/command_tool.hpp"
#include "runtime/agent/event_handler.hpp"
#include "runtime/agent/native_tool.hpp"
#include "runtime/agent/output.hpp"
#include "runtime/agent/schema.hpp"
#include "runtime/agent/tool_listing.hpp"
#include "runtime/json.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/mcp/tool_action.hpp"
#include "runtime/policy/task_policy.hpp"
#include "runtime/policy/usage_limits.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perdure::runtime {

/// Where a tool's work is done. Append only, never renumber.
enum class tool_kind : std::uint8_t {
  /// A function that the host program registered under the tool's name.
  function = 0,
  command = 1,
  /// Outside of the node: the run waits until somebody hands in the result.
  external = 2,
  /// At an MCP server. Such tools are in the definition in force of a run, and
  /// in no other.
  mcp = 3,
};

/// What becomes of a question to a person that nobody answered in time. Append
/// only, never renumber.
enum class on_expiry : std::uint8_t {
  /// The model is told that the call was not allowed.
  deny = 0,
  /// The run fails.
  fail = 1,
};

/// What a tool of kind `mcp` stands for.
struct mcp_tool {
  /// Id of the server; empty for a tool of another kind.
  std::string server;
  /// As the server knows it.
  std::string name;
  /// Compiled; null when the server does not say what its results are.
  schema_ptr output_schema;
  /// Calls run as tasks of the server.
  bool as_task = false;
  /// What a call of it asks for.
  runtime::mcp::tool_action action = runtime::mcp::tool_action::call;
};

struct tool_definition {
  std::string name;
  std::string description;
  tool_kind kind = tool_kind::function;
  /// JSON Schema of the arguments, as its author wrote it.
  json parameters = json::object();
  /// Compiled from `parameters`; never null once the agent is loaded.
  schema_ptr schema;
  /// JSON Schema of what it returns; null when nobody says. It is told, not
  /// enforced.
  json return_schema;
  /// The model is told of `return_schema`.
  bool tells_return_schema = false;
  /// Runs alone: a barrier between the calls before and after it.
  bool sequential = false;
  /// Bound of one attempt; the model is told of a timeout.
  std::optional<std::chrono::milliseconds> timeout;
  /// Times the model may be asked to try again in a row; the agent's when
  /// absent.
  std::optional<std::uint32_t> max_retries;
  /// Whether the provider is to hold the model to the schema; absent: as the
  /// provider's rules have it.
  std::optional<bool> strict;
  /// A person must allow each call. An approved call executes once at most.
  bool requires_approval = false;
  /// How long a person has, for approval or an external result; absent: for
  /// ever.
  std::optional<std::chrono::milliseconds> expires_after;
  runtime::on_expiry on_expiry = runtime::on_expiry::deny;
  /// Null when absent.
  json metadata;
  command_tool command;
  mcp_tool mcp;
  /// Settings of the task that runs this tool, already merged.
  task_policy policy;
  /// False: only the result of a call is journaled. Of `policy` its timeout
  /// counts and nothing else: a call that failed is not tried again by itself,
  /// one that was interrupted is made anew, and no result is reused.
  bool is_task = true;
};

/// What an agent's file says of tools that it cannot name yet: they are those
/// of MCP servers, and known once a run has asked.
struct tool_rule {
  /// `"all"`, names as the model knows them, or what the metadata must include.
  json selector = "all";
  /// Keys to add to the metadata; null for none.
  json metadata;
  bool requires_approval = false;
  std::optional<std::chrono::milliseconds> expires_after;
  runtime::on_expiry on_expiry = runtime::on_expiry::deny;
  bool tells_return_schema = false;
  /// Settings over those of all MCP tasks; null for none.
  json policy;
};

/// Defaults of the task settings: what goes to a model or to an MCP server is
/// retried three times, a tool is not.
task_policy default_model_policy();
task_policy default_tool_policy();
task_policy default_mcp_policy();

/// One item of an agent's instructions.
struct instruction {
  std::string text;
  /// Rendered against the run's deps before each request.
  bool is_template = false;
};

/// A named, versioned definition: everything a run needs to know of its agent.
/// A run keeps the definition it started with (D7).
///
/// Shape:   `definition_json.hpp`; its canonical text is what the hash is over
/// Source:  docs/formats.md, "Agent definition"
struct agent_definition {
  std::string name;
  std::string description;
  /// `provider:model`.
  std::string model;
  /// Asked in order when the one before gave up.
  std::vector<std::string> fallback_models;
  std::vector<instruction> instructions;
  /// Passed to the model's codec. Null when empty.
  json model_settings;
  std::vector<tool_definition> tools;
  /// Sources of further tools.
  std::vector<runtime::mcp::server_options> mcp_servers;
  /// Applied in order to each of their tools.
  std::vector<tool_rule> tool_rules;
  /// Settings of the tasks that ask MCP servers for anything.
  task_policy mcp_policy = default_mcp_policy();
  /// Run by the model's provider, not here.
  std::vector<native_tool> native_tools;
  /// Budgets: asks to try again, per tool in a row and for the output.
  std::uint32_t tool_retries = 1;
  std::uint32_t output_retries = 1;
  output_definition output;
  runtime::end_strategy end_strategy = runtime::end_strategy::graceful;
  /// Calls that need a person or an outside result end the run: its output then
  /// is the list of them, and a new run goes on with the results. Otherwise the
  /// run waits.
  bool ends_when_deferred = false;
  /// A response that the provider's content filter cut short fails the run,
  /// whatever it holds.
  bool fails_when_filtered = false;
  /// System prompts in a supplied history are left out.
  bool drops_system_prompts = false;
  usage_limits limits;
  task_policy model_policy;
  /// Attached to every run. Null when absent.
  json metadata;
  /// Told of the events of every run.
  std::vector<event_handler> handlers;

  // -- not stored -------------------------------------------------------------

  /// The tools of its servers are among `tools`.
  bool is_joined = false;
  /// Set once the agent is loaded, as the schemas are.
  toolset_joiner join;

  const tool_definition* tool(std::string_view tool_name) const noexcept;

  /// It names functions of a host program, and is of no use without them.
  [[nodiscard]] bool needs_host() const noexcept;
};

using definition_ptr = std::shared_ptr<const agent_definition>;

} // namespace perdure::runtime

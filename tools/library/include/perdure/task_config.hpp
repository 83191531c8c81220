#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perdure {

/// What happens to a task that was under way when its process died.
enum class on_interrupt {
  /// It runs again, under the same idempotency key.
  retry,
  /// It does not; the model is told that the outcome is unknown.
  fail,
  /// The run waits for somebody to decide.
  ask,
};

/// Whether a task takes the outcome that an equal task of another run had.
enum class cache_policy {
  none,
  /// Equal are tasks of which everything that goes into them is equal: name,
  /// schema, arguments, deps and metadata of a tool's call; model, settings and
  /// messages of a model request. A tool's code is not looked at.
  inputs,
};

/// Whose outcomes count.
enum class cache_scope {
  /// Of the very same definition of the agent.
  definition,
  /// Of any version of the agent.
  agent,
  /// Of other agents as well.
  all,
};

/// How the attempts of one kind of task are made. What is absent stays as it
/// is: 3 retries for model requests and none for tools.
struct task_config {
  /// Attempts after the first, 0 to 1000.
  std::optional<std::uint32_t> retries = {};
  /// Before the n-th retry; the last one repeats. Empty: growing from 1 s.
  std::vector<std::chrono::milliseconds> retry_delays = {};
  /// Upper bound of any delay, also of one that a provider asks for.
  std::optional<std::chrono::milliseconds> retry_delay_max = {};
  /// Of one attempt.
  std::optional<std::chrono::milliseconds> timeout = {};
  std::optional<perdure::on_interrupt> on_interrupt = {};
  std::optional<perdure::cache_policy> cache_policy = {};
  /// Inputs that do not matter: `deps`, `metadata`, `model_settings`, names of
  /// arguments, JSON pointers into them.
  std::vector<std::string> cache_exclude = {};
  /// How long an outcome can be used.
  std::optional<std::chrono::milliseconds> cache_expiration = {};
  std::optional<perdure::cache_scope> cache_scope = {};
};

/// The tool is not a task: it runs inside the run, and only its result is kept.
struct disabled_t {};
inline constexpr disabled_t disabled{};

using tool_task_configs
  = std::map<std::string, std::variant<task_config, disabled_t>>;

/// Settings of an agent's tasks.
struct task_configs {
  task_config model_task_config = {};
  /// Of all tools.
  task_config tool_task_config = {};
  /// Of one tool, on top of `tool_task_config`; or `disabled`. A tool of an MCP
  /// server goes by the name that the model sees, and is always a task.
  tool_task_configs tool_task_config_by_name = {};
  /// Of what MCP servers do: lists of tools, and their calls. 3 retries.
  task_config mcp_task_config = {};
  /// Of event handlers; each event is a task. 3 retries, 60 s for an attempt.
  task_config event_stream_handler_task_config = {};
};

} // namespace perdure

#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/real_node.hpp"

namespace perdure::tests {

/// One execution of a tool.
struct effect {
  std::string attempt;
  pid_t pid = 0;
};

/// By idempotency key, in order.
using effect_map = std::map<std::string, std::vector<effect>>;

/// A node whose agents speak from scripts and whose tools leave a line behind
/// each time they are executed.
class rig {
public:
  rig();

  real_node node;

  /// A Command capability: a program that notes its execution and answers.
  /// @param extra keys besides, e.g. `sequential`
  [[nodiscard]] runtime::json
  tool(const std::string& name, const std::string& seconds = "0",
       const runtime::json& extra = runtime::json::object()) const;

  /// The same, but it answers only after `open_gate`.
  [[nodiscard]] runtime::json gated_tool(const std::string& name) const;

  /// A Command capability of any program.
  [[nodiscard]] static runtime::json
  command(const std::string& name, const std::vector<std::string>& argv,
          const runtime::json& extra = runtime::json::object());

  /// Lets gated tools end, now and later.
  void open_gate() const;

  /// Writes an agent that gives these answers.
  void write_agent(const std::string& name, const runtime::json& responses,
                   std::vector<runtime::json> capabilities = {}) const;

  /// Writes an agent that makes two calls which do not end: each runs three
  /// processes that care for no signal which can be ignored.
  /// @returns the file that gets their ids
  [[nodiscard]] std::filesystem::path
  write_stubborn_agent(const std::string& name) const;

  /// What was executed so far.
  [[nodiscard]] effect_map effects() const;

  /// Number of executions so far.
  [[nodiscard]] std::size_t effect_count() const;

  [[nodiscard]] std::filesystem::path effects_file() const;

  /// Process id of the node.
  [[nodiscard]] pid_t node_pid() const;

  [[nodiscard]] std::string token() const;

  /// Creates a run of `agent`. @returns its id; empty when it was refused
  [[nodiscard]] std::string
  create(const std::string& agent, const std::string& prompt = "go") const;

  /// Waits for the end of a run. @returns the run
  /// Throws std::runtime_error with what it waits for when it does not end.
  [[nodiscard]] runtime::json finished(const std::string& run_id) const;
  /// The state in which it ends.
  [[nodiscard]] std::string end_of(const std::string& run_id) const;

  /// An array below a run: `tasks`, or `entries` of its journal.
  [[nodiscard]] runtime::json
  rows(const std::string& run_id, const std::string& what) const;

private:
  std::filesystem::path program_;
};

/// One call of a tool in a script.
runtime::json call_of(const std::string& tool);

/// An answer of a script that calls tools.
runtime::json calls(const std::vector<std::string>& tools, int delay_ms = 0);

/// Whether a process is there and is more than a zombie.
bool is_alive(pid_t pid);

/// The process ids in a file, one to a line; empty until it has `count`.
std::vector<pid_t>
pids_in(const std::filesystem::path& file, std::size_t count);

} // namespace perdure::tests

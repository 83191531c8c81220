#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/agent/tool_function.hpp"
#include "storage/journal.hpp"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace perdure::actors {

/// A definition with the hash that runs name it by.
struct deployed_agent {
  runtime::definition_ptr definition;
  std::string hash;
};

/// The agents that new runs may name, and every definition that a run in
/// memory was started with (D7). Thread-safe.
class agent_registry {
public:
  agent_registry(std::shared_ptr<storage::journal> journal,
                 runtime::schema_compiler compile);

  /// Makes `definition` the one that new runs of its name get. Its text is
  /// durable when this returns. `functions` serve its tools of kind function.
  runtime::result<deployed_agent>
  deploy(runtime::agent_definition definition,
         runtime::tool_functions functions = {});

  /// Errors: errc::unknown_agent, naming those that exist.
  [[nodiscard]] runtime::result<deployed_agent>
  find(const std::string& name) const;

  /// The definition of a stored run. Errors: errc::storage_corrupt.
  [[nodiscard]] runtime::result<runtime::definition_ptr>
  by_hash(const std::string& hash);

  /// The host's code behind a tool; empty when there is none.
  [[nodiscard]] runtime::tool_function
  function(const std::string& agent, const std::string& tool) const;

  /// Sorted by name.
  [[nodiscard]] std::vector<deployed_agent> all() const;

private:
  std::shared_ptr<storage::journal> journal_;
  runtime::schema_compiler compile_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, deployed_agent> by_name_;
  std::unordered_map<std::string, runtime::definition_ptr> by_hash_;
  std::unordered_map<std::string, runtime::tool_functions> functions_;
};

} // namespace perdure::actors

#pragma once

#include "actors/runs/toolset_cache.hpp"
#include "runtime/agent/definition.hpp"
#include "runtime/agent/host_code.hpp"
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
  /// durable when this returns. `code` is what it names of the host program.
  runtime::result<deployed_agent>
  deploy(runtime::agent_definition definition, runtime::host_code code = {});

  /// Errors: errc::unknown_agent, naming those that exist.
  [[nodiscard]] runtime::result<deployed_agent>
  find(const std::string& name) const;

  /// The definition of a stored run. Errors: errc::storage_corrupt.
  [[nodiscard]] runtime::result<runtime::definition_ptr>
  by_hash(const std::string& hash);

  /// What the host program does for an agent; never null.
  [[nodiscard]] std::shared_ptr<const runtime::host_code>
  code(const std::string& agent) const;

  /// Errors: errc::unavailable when the definition names functions of a program
  /// that this node is not a part of. Its runs must be left for that program.
  [[nodiscard]] runtime::result<runtime::unit>
  check_served(const runtime::agent_definition& definition) const;

  /// Sorted by name.
  [[nodiscard]] std::vector<deployed_agent> all() const;

private:
  /// Compiles `text` unless there is a schema already.
  runtime::result<runtime::unit>
  compile(runtime::schema_ptr& schema, const runtime::json& text,
          const std::string& what) const;

  std::shared_ptr<storage::journal> journal_;
  runtime::schema_compiler compile_;
  std::shared_ptr<toolset_cache> toolsets_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, deployed_agent> by_name_;
  std::unordered_map<std::string, runtime::definition_ptr> by_hash_;
  std::unordered_map<std::string, std::shared_ptr<const runtime::host_code>>
    code_;
};

} // namespace perdure::actors

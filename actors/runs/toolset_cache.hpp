#pragma once

#include "runtime/agent/join_tools.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace perdure::actors {

/// Definitions in force, shared by all runs of an agent whose servers said the
/// same. Thread-safe.
class toolset_cache {
public:
  explicit toolset_cache(runtime::schema_compiler compile);

  /// How a definition is joined with lists of tools, from `cache`.
  /// @param hash that of the definition
  static runtime::toolset_joiner
  joiner(std::shared_ptr<toolset_cache> cache, std::string hash);

private:
  runtime::result<runtime::definition_ptr>
  join(const std::string& hash, const runtime::agent_definition& base,
       const std::vector<runtime::tool_listing>& lists);
  /// Makes room: what no run goes by is made again when it is needed.
  void shrink();

  runtime::schema_compiler compile_;
  std::mutex mutex_;
  std::map<std::string, runtime::definition_ptr> known_;
};

} // namespace perdure::actors

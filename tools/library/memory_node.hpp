#pragma once

#include "actors/node/node.hpp"
#include "tools/library/agent_parts.hpp"

#include <memory>

namespace perdure::library {

/// The same node without anything that lasts: its journal is in memory, and
/// gone with it. It serves one agent.
class memory_node {
public:
  /// Throws `perdure::error`.
  explicit memory_node(const agent::parts& served);

  /// Runs to the end, or until somebody has to answer a question.
  run_result run(const prompt& what, const run_options& options);

private:
  std::string agent_;
  std::unique_ptr<actors::node> node_;
};

} // namespace perdure::library

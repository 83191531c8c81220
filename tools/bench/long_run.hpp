#pragma once

#include "runtime/json.hpp"
#include "tools/bench/load_process.hpp"

#include <cstdint>
#include <filesystem>

namespace perdure::bench {

struct long_run_options {
  std::filesystem::path directory;
  /// Model requests of the run; all but the last call a tool.
  std::size_t steps = 1'000;
  /// Where a `chat_server` answers; 0 takes the answers from a script, so that
  /// nothing is encoded for a wire and nothing is sent.
  std::uint16_t chat_port = 0;
  std::size_t threads = 0;
  bool sync = true;
};

/// Plays one long run and prints what its steps cost from its beginning to its
/// end; then what it costs to bring it back from the journal.
/// @returns the figures
runtime::json long_run(const long_run_options& options, load_process& callers);

} // namespace perdure::bench

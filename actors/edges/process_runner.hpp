#pragma once

#include "actors/edges/program.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace perdure::actors {

struct process_request : program {
  /// Written to its standard input, which is then closed.
  std::string input;
  /// Of standard output; one byte more kills the process.
  std::uint64_t output_max_bytes = 1'048'576;
  /// Of standard error; more is read and dropped.
  std::uint64_t error_max_bytes = 65'536;
  /// Zero for none.
  std::chrono::milliseconds timeout{0};
  /// Between SIGTERM and SIGKILL to the process group.
  std::chrono::milliseconds kill_grace{500};
};

enum class process_end : std::uint8_t {
  exited,
  signalled,
  timed_out,
  output_too_large,
  not_started,
};

struct process_result {
  process_end end = process_end::exited;
  /// Exit code, or the number of the signal.
  int code = 0;
  std::string output;
  std::string error_output;
  /// Why it was not started.
  std::string message;
};

/// Runs programs, each in a process group of its own, which is killed whole at
/// a timeout, at `cancel`, when its leader has ended (after half a second at
/// most for output that is still open), when the runner goes away and when this
/// process dies. What leaves its group is not followed. File descriptors of the
/// node are not inherited. One thread for all of them.
class process_runner {
public:
  using id = std::uint64_t;

  virtual ~process_runner() = default;

  /// Thread-safe; returns at once. `done` is called once on the runner's
  /// thread, after the process has ended and its output was read; never after
  /// `cancel` has returned.
  virtual id
  start(process_request request, std::function<void(process_result)> done)
    = 0;

  /// Kills the process group at once; no callback follows. Thread-safe.
  virtual void cancel(id process) = 0;
};

std::unique_ptr<process_runner> make_process_runner();

} // namespace perdure::actors

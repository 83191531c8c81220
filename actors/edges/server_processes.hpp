#pragma once

#include "actors/edges/process_runner.hpp"

#include <memory>
#include <string_view>

namespace perdure::actors {

/// A program that serves over its pipes.
struct server_request {
  program what;
  /// What it may leave unread of its input; one byte more and it is killed.
  std::uint64_t unread_max_bytes = 64ull << 20;
  /// Between the end of its input and SIGTERM, when it is closed.
  std::chrono::milliseconds exit_grace{2'000};
  /// Between SIGTERM and SIGKILL to the process group.
  std::chrono::milliseconds kill_grace{2'000};
};

/// How a program came to its end: `exited`, `signalled` or `not_started`.
struct server_end {
  process_end end = process_end::exited;
  /// Exit code, or the number of the signal.
  int code = 0;
  /// Why it was not started, or why it was killed.
  std::string message;
  /// It was not started, and would not be the next time.
  bool is_lasting = false;
};

/// Called on one thread, in order, and never again after `on_end` or once
/// `cancel` has returned.
class server_receiver {
public:
  virtual ~server_receiver() = default;
  /// A chunk of standard output. The program is not read from while more than
  /// 1 MiB of both outputs has been delivered and not been `consumed`.
  virtual void on_output(std::string chunk) = 0;
  virtual void on_error_output(std::string chunk) = 0;
  virtual void on_end(server_end reason) = 0;
};

/// Runs programs that are spoken to while they live, each in a process group of
/// its own, which is killed whole when its leader has ended (after half a
/// second at most for output that is still open), when this goes away and when
/// the process of the node dies. One thread for all of them.
class server_processes {
public:
  using id = std::uint64_t;

  virtual ~server_processes() = default;

  /// Thread-safe, as all of them; returns at once.
  virtual id
  start(server_request request, std::shared_ptr<server_receiver> receiver)
    = 0;

  /// Adds to the standard input.
  virtual void write(id server, std::string_view bytes) = 0;

  /// Tells that `bytes` of the outputs have been dealt with.
  virtual void consumed(id server, std::size_t bytes) = 0;

  /// Closes the standard input after what was written, waits, and ends what
  /// does not end by itself. `on_end` follows.
  virtual void close(id server) = 0;

  /// Kills the process group at once; no callback follows.
  virtual void cancel(id server) = 0;
};

std::unique_ptr<server_processes> make_server_processes();

} // namespace perdure::actors

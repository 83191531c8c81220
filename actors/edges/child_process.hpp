#pragma once

#include "actors/edges/file_descriptor.hpp"
#include "actors/edges/program.hpp"

#include <string>
#include <sys/types.h>

namespace perdure::actors {

/// Why a program was not started.
struct start_problem {
  /// Empty when it was.
  std::string text;
  /// Another attempt would end the same way: the program or its directory is
  /// not there, or cannot be used.
  bool is_lasting = false;
};

/// A started program and the node's ends of its pipes, all non-blocking.
struct child_process {
  pid_t pid = -1;
  /// Readable once the process has exited; empty on kernels without pidfds.
  file_descriptor exit;
  file_descriptor input;
  file_descriptor output;
  file_descriptor error_output;
  start_problem problem;
};

/// Starts `what.argv` as the leader of a process group of its own, whose
/// number is in `group` (may be null) before the program begins. The kernel
/// kills the leader when the calling thread ends, however that happens.
child_process start_child(const program& what, pid_t* group);

} // namespace perdure::actors

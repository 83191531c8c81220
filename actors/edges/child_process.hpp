#pragma once

#include "actors/edges/file_descriptor.hpp"
#include "actors/edges/program.hpp"

#include <string>
#include <sys/types.h>

namespace perdure::actors {

/// A started program and the node's ends of its pipes, all non-blocking.
struct child_process {
  pid_t pid = -1;
  /// Readable once the process has exited; empty on kernels without pidfds.
  file_descriptor exit;
  file_descriptor input;
  file_descriptor output;
  file_descriptor error_output;
  /// Why it was not started; empty when it was.
  std::string problem;
};

/// Starts `what.argv` as the leader of a process group of its own, whose
/// number is in `group` (may be null) before the program begins. The kernel
/// kills the leader when the calling thread ends, however that happens.
child_process start_child(const program& what, pid_t* group);

} // namespace perdure::actors

#pragma once

#include "tools/bench/load_client.hpp"

#include <sys/types.h>

namespace perdure::bench {

/// A child process that makes the load, so that callers and node do not share
/// descriptors, memory or locks. Make it before any thread is started.
class load_process {
public:
  load_process();
  ~load_process();

  load_process(const load_process&) = delete;
  load_process& operator=(const load_process&) = delete;

  load_result run(const load& work);

private:
  pid_t child_ = -1;
  int commands_ = -1;
  int answers_ = -1;
};

} // namespace perdure::bench

#pragma once

#include <chrono>

namespace perdure::bench {

/// Processor time of this process so far.
std::chrono::duration<double> processor_time();

} // namespace perdure::bench

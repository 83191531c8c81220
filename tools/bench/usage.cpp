#include "tools/bench/usage.hpp"

#include <sys/resource.h>

namespace perdure::bench {

std::chrono::duration<double> processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& x) {
    return std::chrono::duration<double>{
      static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_usec) / 1e6};
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace perdure::bench

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perdure::bench {

/// A closed loop: `connections` callers, each of which sends the same request
/// again as soon as it has its answer.
struct load {
  std::uint16_t port = 0;
  std::string token;
  /// E.g. `/v1/runs?wait=60`.
  std::string target;
  std::string body;
  std::size_t connections = 1;
  /// Answers that count; the run ends after the last one.
  std::size_t requests = 1'000;
  /// Answers before those, which warm up.
  std::size_t warm_up = 0;
};

struct load_result {
  /// Of the requests that count.
  std::chrono::duration<double> elapsed{0};
  /// Microseconds per request, sorted.
  std::vector<std::uint32_t> latencies_us;
  std::size_t errors = 0;
  /// The first answer that was not a success; empty when all were.
  std::string first_error;
};

/// Runs `work` in this thread over plain sockets on loopback.
load_result run_load(const load& work);

/// Value below which `share` (0 to 1) of the sorted values lie.
std::uint32_t
percentile(const std::vector<std::uint32_t>& sorted, double share);

} // namespace perdure::bench

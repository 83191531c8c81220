#include "actors/metrics.hpp"

#include <algorithm>

namespace perdure::actors {

using runtime::errc;

void duration_histogram::add(std::chrono::nanoseconds time) noexcept {
  const auto seconds = std::chrono::duration<double>(time).count();
  const auto bound
    = std::lower_bound(bounds_seconds.begin(), bounds_seconds.end(), seconds);
  counts_[static_cast<std::size_t>(bound - bounds_seconds.begin())].add();
  sum_ns_.add(static_cast<std::uint64_t>(time.count()));
}

std::uint64_t duration_histogram::count_up_to(std::size_t n) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= n && i < counts_.size(); ++i)
    sum += counts_[i].value();
  return sum;
}

double duration_histogram::sum_seconds() const noexcept {
  return static_cast<double>(sum_ns_.value()) / 1e9;
}

void metrics::count(const std::vector<storage::append_batch>& batches,
                    const std::vector<storage::append_outcome>& outcomes,
                    std::chrono::nanoseconds time) noexcept {
  std::uint64_t bytes = 0;
  std::uint64_t refused = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (outcomes[i].code != errc::none
        || !outcomes[i].existing_run_id.empty()) {
      ++refused;
      continue;
    }
    for (const auto& entry : batches[i].entries) {
      entries[static_cast<std::size_t>(entry.sort)].add();
      bytes += entry.bytes.size();
      for (const auto& [hash, packed] : entry.blobs)
        bytes += packed.size();
    }
  }
  commits.add();
  batches_refused.add(refused);
  entry_bytes.add(bytes);
  commit_time.add(time);
}

void metrics::count_answer(unsigned status) noexcept {
  http_answers[std::min<std::size_t>(status / 100, http_answers.size() - 1)]
    .add();
}

} // namespace perdure::actors

#include "runtime/policy/restarts.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

using std::chrono::milliseconds;

/// `first`, then `factor` times as long each time.
milliseconds
grown(milliseconds first, int factor, std::size_t times, milliseconds longest) {
  for (; times > 0 && first < longest; --times)
    first *= factor;
  return std::min(first, longest);
}

} // namespace

restarts::restarts(restart_limits limits) : limits_(limits) {
  // nop
}

void restarts::ended(timestamp now) {
  ++count_;
  const bool on_trial = quarantined_ && now < next_start_ + limits_.window;
  if (!on_trial) {
    quarantined_ = false;
    rounds_ = 0;
  }
  while (!ends_.empty() && ends_.front() <= now - limits_.window)
    ends_.pop_front();
  ends_.push_back(now);
  if (on_trial || ends_.size() >= limits_.ends_max) {
    next_start_
      = now
        + grown(limits_.quarantine_min, 2, rounds_++, limits_.quarantine_max);
    quarantined_ = true;
    ends_.clear();
    return;
  }
  next_start_ = now;
  if (ends_.size() > 1)
    next_start_
      += grown(limits_.delay_min, 4, ends_.size() - 2, limits_.delay_max);
}

void restarts::forgive() {
  ends_.clear();
  next_start_ = {};
  quarantined_ = false;
  rounds_ = 0;
}

} // namespace perdure::runtime

#pragma once

#include "runtime/time.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace perdure::runtime {

struct restart_limits {
  /// Ends that are longer ago do not count.
  std::chrono::milliseconds window{300'000};
  /// So many ends within the window are too many.
  std::size_t ends_max = 5;
  /// Before the second start in a row; four times as long before each further
  /// one.
  std::chrono::milliseconds delay_min{250};
  std::chrono::milliseconds delay_max{30'000};
  /// Twice as long each time.
  std::chrono::milliseconds quarantine_min{60'000};
  std::chrono::milliseconds quarantine_max{900'000};
};

/// When something that should run and ended by itself may be started again.
///
/// The first start again is at once, further ones wait longer and longer; after
/// too many ends there is a quarantine, then one trial: an end soon after it is
/// the next quarantine.
class restarts {
public:
  explicit restarts(restart_limits limits = {});

  void ended(timestamp now);

  /// Forgets all ends, as a person may want.
  void forgive();

  /// Not before this moment.
  [[nodiscard]] timestamp next_start() const noexcept {
    return next_start_;
  }

  [[nodiscard]] bool is_quarantined(timestamp now) const noexcept {
    return quarantined_ && now < next_start_;
  }

  /// Ends since the beginning.
  [[nodiscard]] std::size_t count() const noexcept {
    return count_;
  }

private:
  restart_limits limits_;
  std::deque<timestamp> ends_;
  timestamp next_start_{};
  bool quarantined_ = false;
  /// Quarantines in a row.
  unsigned rounds_ = 0;
  std::size_t count_ = 0;
};

} // namespace perdure::runtime

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace perdure::actors {

/// At most one moment per key. Not thread-safe.
class deadlines {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sets the moment of `key`, or moves it.
  void set(std::uint64_t key, time_point when) {
    clear(key);
    times_.emplace(key, when);
    order_.emplace(when, key);
  }

  void clear(std::uint64_t key) {
    const auto found = times_.find(key);
    if (found == times_.end())
      return;
    order_.erase({found->second, key});
    times_.erase(found);
  }

  [[nodiscard]] std::optional<time_point> next() const {
    if (order_.empty())
      return std::nullopt;
    return order_.begin()->first;
  }

  /// Removes and returns a key whose moment has come.
  [[nodiscard]] std::optional<std::uint64_t> take_due(time_point now) {
    if (order_.empty() || order_.begin()->first > now)
      return std::nullopt;
    const auto key = order_.begin()->second;
    clear(key);
    return key;
  }

private:
  std::set<std::pair<time_point, std::uint64_t>> order_;
  std::unordered_map<std::uint64_t, time_point> times_;
};

} // namespace perdure::actors

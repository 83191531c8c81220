#pragma once

#include "storage/journal.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace perdure::actors {

struct node_health;

/// A number that only grows. Relaxed: it orders nothing, and costs next to
/// nothing.
class counter {
public:
  void add(std::uint64_t n = 1) noexcept {
    value_.fetch_add(n, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// How many of something there are now.
class gauge {
public:
  void add(std::int64_t n) noexcept {
    value_.fetch_add(n, std::memory_order_relaxed);
  }

  [[nodiscard]] std::int64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations, by upper bounds.
class duration_histogram {
public:
  static constexpr std::array<double, 14> bounds_seconds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
    0.025,  0.05,    0.1,    0.25,  0.5,    1,     2.5};

  void add(std::chrono::nanoseconds time) noexcept;

  /// Of the n-th bound and below; the last one counts all.
  [[nodiscard]] std::uint64_t count_up_to(std::size_t n) const noexcept;
  [[nodiscard]] double sum_seconds() const noexcept;

private:
  std::array<counter, bounds_seconds.size() + 1> counts_;
  counter sum_ns_;
};

/// What a node has done since its start, for those who operate it.
///
/// Threads: any; what is read is as old as a moment
struct metrics {
  /// A commit that took `time`, and what became durable in it.
  void count(const std::vector<storage::append_batch>& batches,
             const std::vector<storage::append_outcome>& outcomes,
             std::chrono::nanoseconds time) noexcept;

  /// An answer of the HTTP API.
  void count_answer(unsigned status) noexcept;

  // -- the journal, by the thread that writes it
  std::array<counter, storage::entry_sorts> entries;
  counter commits;
  counter batches_refused;
  counter entry_bytes;
  duration_histogram commit_time;
  // -- the edges
  /// By the first digit of the status.
  std::array<counter, 6> http_answers;
  gauge model_requests;
  gauge tool_calls;
};

/// One more of something for as long as this lives.
class counted {
public:
  explicit counted(gauge& what) noexcept : what_(what) {
    what_.add(1);
  }

  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  ~counted() {
    what_.add(-1);
  }

private:
  gauge& what_;
};

/// Runs in the journal by state.
using run_counts = std::vector<std::pair<storage::run_status, std::uint64_t>>;

/// The Prometheus text format, version 0.0.4; docs/operating.md lists it.
std::string prometheus_text(const metrics& numbers, const node_health& health,
                            const run_counts& runs);

} // namespace perdure::actors

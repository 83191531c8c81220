#pragma once

#include "storage/journal.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace perdure::storage {

/// What a simulated node keeps when it dies. It holds encoded bytes, and can be
/// told to fail.
///
/// Threads: all members are guarded by `mutex`
struct memory_disk {
  struct blob {
    std::uint64_t count = 0;
    std::string packed;
  };

  struct holder {
    std::string run_id;
    std::string request_digest;
  };

  struct run {
    run_summary summary;
    /// Records; the n-th one has sequence n + 1.
    std::vector<std::string> entries;
  };

  std::mutex mutex;
  std::uint64_t epoch = 0;
  std::map<std::string, run> runs;
  /// (created_at, run id) and (wake_at, run id).
  std::set<std::pair<timestamp, std::string>> by_time;
  std::set<std::pair<timestamp, std::string>> by_wake_time;
  std::map<std::string, holder> keys;
  std::map<blob_hash, blob> blobs;
  std::map<std::string, std::string> definitions;
  std::map<std::string, cache_ref> cache;
  /// (expires_at, key)
  std::set<std::pair<timestamp, std::string>> cache_by_expiry;

  // -- faults -----------------------------------------------------------------

  /// Commits are refused with errc::storage_full while set.
  bool full = false;

  /// Only batches that create a run are refused with errc::storage_full while
  /// set.
  bool only_reserve_left = false;

  /// Called before each batch that would be made durable. False: the node dies
  /// at this moment. The batch and all that follow are lost, through this
  /// journal for good; a journal that is opened later works. `mutex` is held.
  std::function<bool(const append_batch& batch)> before_commit;
};

/// Opens a journal on `disk` under a new epoch, as a restarted node does.
std::unique_ptr<journal> make_memory_journal(std::shared_ptr<memory_disk> disk);

} // namespace perdure::storage

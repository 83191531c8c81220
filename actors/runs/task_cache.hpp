#pragma once

#include "actors/services.hpp"
#include "runtime/flow/cache_key.hpp"
#include "runtime/flow/machine.hpp"
#include "runtime/flow/reuse.hpp"

#include <map>

namespace perdure::actors {

/// Outcomes that a run takes over from equal tasks of other runs, and those of
/// its own that it keeps for them. Owned by one actor.
class task_cache {
public:
  explicit task_cache(services_ptr services)
    : services_(std::move(services)), keys_(services_->digest) {
    // nop
  }

  /// The outcome of `task`, when an equal one was stored that can be used. A
  /// store that cannot be read has none: the task is executed.
  std::optional<runtime::task_completed>
  find(const runtime::run_state& run, const runtime::task_ref& task);

  /// Has `batch` store its last entry under the key of the task, when that is
  /// an outcome to be kept.
  void keep(const runtime::entry& last, storage::append_batch& batch);

private:
  struct wanted {
    std::string key;
    std::optional<std::chrono::milliseconds> expiration;
  };

  std::optional<runtime::task_completed>
  load(const runtime::run_state& run, const runtime::task_ref& task,
       const std::string& key);

  services_ptr services_;
  runtime::cache_keys keys_;
  /// Tasks that were looked for and not found.
  std::map<runtime::task_ref, wanted> missing_;
};

} // namespace perdure::actors

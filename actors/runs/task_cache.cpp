#include "actors/runs/task_cache.hpp"

namespace perdure::actors {

using runtime::run_state;
using runtime::task_completed;
using runtime::task_ref;

std::optional<task_completed>
task_cache::find(const run_state& run, const task_ref& task) {
  if (!runtime::is_cached(run, task))
    return std::nullopt;
  auto key = keys_.of(run, task);
  if (auto found = load(run, task, key))
    return found;
  missing_[task] = {std::move(key), run.policy(task).cache.expiration};
  return std::nullopt;
}

std::optional<task_completed>
task_cache::load(const run_state& run, const task_ref& task,
                 const std::string& key) {
  const auto complain = [&](const runtime::failure& reason) {
    services_->log(log_level::warning, "cache: " + reason.message);
    return std::nullopt;
  };
  const auto ref = services_->journal->find_cached(key);
  if (!ref)
    return complain(ref.error());
  const auto now = services_->world->now();
  if (!*ref
      || !runtime::is_fresh(run.policy(task).cache, (*ref)->stored_at,
                            (*ref)->expires_at, now))
    return std::nullopt;
  const auto stored
    = services_->journal->read((*ref)->run_id, (*ref)->sequence, 1);
  if (!stored)
    return complain(stored.error());
  if (stored->empty())
    return std::nullopt;
  return runtime::reused(run, task, stored->front().value, (*ref)->run_id, now);
}

void task_cache::keep(const runtime::entry& last,
                      storage::append_batch& batch) {
  const auto* done = std::get_if<task_completed>(&last);
  if (done == nullptr)
    return;
  const auto found = missing_.extract(done->task);
  if (found.empty() || !runtime::is_reusable(*done))
    return;
  const auto& [key, expiration] = found.mapped();
  storage::cache_put put{key, batch.entries.size() - 1, done->time, {}};
  if (expiration)
    put.expires_at = done->time + *expiration;
  batch.cache.push_back(std::move(put));
}

} // namespace perdure::actors

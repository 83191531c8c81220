#include "storage/memory/memory_journal.hpp"

#include "storage/blob.hpp"
#include "storage/record.hpp"

#include <algorithm>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::unit;

namespace {

class memory_journal final : public journal {
public:
  explicit memory_journal(std::shared_ptr<memory_disk> disk)
    : disk_(std::move(disk)) {
    std::lock_guard guard{disk_->mutex};
    epoch_ = ++disk_->epoch;
  }

  std::uint64_t epoch() const noexcept override {
    return epoch_;
  }

  std::vector<append_outcome>
  commit(const std::vector<append_batch>& batches) override {
    std::lock_guard guard{disk_->mutex};
    std::vector<append_outcome> outcomes(batches.size());
    for (std::size_t i = 0; i < batches.size(); ++i)
      outcomes[i] = append(batches[i]);
    return outcomes;
  }

  result<unit> check_room() override {
    std::lock_guard guard{disk_->mutex};
    if (disk_->full || disk_->only_reserve_left)
      return disk_full();
    return runtime::ok();
  }

  result<std::vector<stored_entry>>
  read(const std::string& run_id, std::uint64_t from,
       std::size_t limit) const override {
    std::lock_guard guard{disk_->mutex};
    auto run = disk_->runs.find(run_id);
    if (run == disk_->runs.end())
      return unknown_run(run_id);
    std::vector<stored_entry> entries;
    auto& records = run->second.entries;
    for (auto sequence = std::max<std::uint64_t>(from, 1);
         sequence <= records.size() && entries.size() < limit; ++sequence) {
      auto value = load(run_id, sequence, records[sequence - 1]);
      if (!value)
        return failure{
          value.error().code,
          damaged_entry(run_id, sequence, value.error().message).message};
      entries.push_back({sequence, std::move(*value)});
    }
    return entries;
  }

  result<run_summary> summary(const std::string& run_id) const override {
    std::lock_guard guard{disk_->mutex};
    auto run = disk_->runs.find(run_id);
    if (run == disk_->runs.end())
      return unknown_run(run_id);
    return summary_of(run->second);
  }

  result<run_page> runs(const run_query& query) const override {
    std::optional<time_key> bound;
    if (!query.cursor.empty()) {
      bound = time_key_of(query.cursor);
      if (!bound)
        return failure{errc::invalid_argument,
                       "cursor is malformed; take it from the page before"};
    }
    std::lock_guard guard{disk_->mutex};
    auto& all = disk_->by_time;
    auto at = bound ? all.lower_bound(position_of(*bound)) : all.end();
    run_page page;
    while (at != all.begin()) {
      --at;
      auto run = summary_of(disk_->runs.at(at->second));
      if (!matches(query, run))
        continue;
      if (page.runs.size() == page_size(query)) {
        auto& last = page.runs.back();
        page.cursor
          = cursor_of(make_time_key(last.created_at, *run_key_of(last.run_id)));
        break;
      }
      page.runs.push_back(std::move(run));
    }
    return page;
  }

  result<std::vector<std::pair<run_status, std::uint64_t>>>
  count_by_status() const override {
    std::lock_guard guard{disk_->mutex};
    std::vector<std::pair<run_status, std::uint64_t>> counts;
    for (auto number = static_cast<int>(run_status::scheduled);
         number <= static_cast<int>(run_status::cancelled); ++number)
      counts.emplace_back(static_cast<run_status>(number), 0);
    for (auto& [id, run] : disk_->runs)
      ++counts[static_cast<std::size_t>(run.summary.status) - 1].second;
    return counts;
  }

  result<std::vector<std::pair<timestamp, std::string>>>
  wakeups(timestamp until, std::size_t limit) const override {
    std::lock_guard guard{disk_->mutex};
    std::vector<std::pair<timestamp, std::string>> due;
    for (auto& wakeup : disk_->by_wake_time) {
      if (wakeup.first > until || due.size() >= limit)
        break;
      due.push_back(wakeup);
    }
    return due;
  }

  result<std::optional<timestamp>> next_wakeup() const override {
    std::lock_guard guard{disk_->mutex};
    if (disk_->by_wake_time.empty())
      return std::optional<timestamp>{};
    return std::optional{disk_->by_wake_time.begin()->first};
  }

  result<std::optional<std::pair<std::string, std::string>>>
  find_key(const std::string& idempotency_key) const override {
    using found = std::optional<std::pair<std::string, std::string>>;
    std::lock_guard guard{disk_->mutex};
    auto holder = disk_->keys.find(idempotency_key);
    if (holder == disk_->keys.end())
      return found{};
    return found{{holder->second.run_id, holder->second.request_digest}};
  }

  result<std::optional<cache_ref>>
  find_cached(const std::string& key) const override {
    std::lock_guard guard{disk_->mutex};
    auto found = disk_->cache.find(key);
    if (found == disk_->cache.end())
      return std::optional<cache_ref>{};
    return std::optional{found->second};
  }

  result<unit> put_definition(const std::string& hash_hex,
                              const std::string& text) override {
    std::lock_guard guard{disk_->mutex};
    if (disk_->full)
      return disk_full();
    disk_->definitions.try_emplace(hash_hex, text);
    return runtime::ok();
  }

  result<std::string> definition(const std::string& hash_hex) const override {
    std::lock_guard guard{disk_->mutex};
    auto found = disk_->definitions.find(hash_hex);
    if (found == disk_->definitions.end())
      return failure{errc::storage_corrupt,
                     "definition " + hash_hex + " is missing"};
    return found->second;
  }

private:
  static failure disk_full() {
    return {errc::storage_full, "the simulated disk is full"};
  }

  static run_summary summary_of(const memory_disk::run& run) {
    auto value = run.summary;
    value.last_sequence = run.entries.size();
    return value;
  }

  static std::pair<timestamp, std::string> position_of(const time_key& key) {
    std::string_view bytes{key.data(), key.size()};
    return {time_of(bytes), run_id_of(view(run_of(bytes)))};
  }

  result<runtime::entry> load(const std::string& run_id, std::uint64_t sequence,
                              const std::string& record) const {
    auto key = make_entry_key(*run_key_of(run_id), sequence);
    auto payload = unseal(view(key), record);
    if (!payload)
      return failure{errc::storage_corrupt, "checksum mismatch"};
    return decode(*payload, [&](const blob_hash& hash) -> result<std::string> {
      auto blob = disk_->blobs.find(hash);
      if (blob == disk_->blobs.end())
        return failure{errc::storage_corrupt,
                       "blob " + hex(hash) + " is missing"};
      return unpack_blob(blob->second.packed);
    });
  }

  append_outcome append(const append_batch& batch) {
    append_outcome refusal;
    if (dead_) {
      refusal.code = errc::storage_io;
      refusal.message = "the simulated node is dead";
      return refusal;
    }
    if (disk_->full || (disk_->only_reserve_left && batch.next_sequence == 1)) {
      refusal.code = errc::storage_full;
      refusal.message = disk_full().message;
      return refusal;
    }
    // An owner that came later fences this one.
    refusal = check(batch, disk_->epoch);
    if (refusal.code != errc::none)
      return refusal;
    if (auto holder = disk_->keys.find(batch.idempotency_key);
        !batch.idempotency_key.empty() && holder != disk_->keys.end())
      return key_taken(
        {holder->first, holder->second.run_id, holder->second.request_digest});
    auto run = disk_->runs.find(batch.run_id);
    auto last = run == disk_->runs.end() ? 0 : run->second.entries.size();
    if (batch.next_sequence != last + 1)
      return stale_sequence(batch, last);
    if (disk_->before_commit && !disk_->before_commit(batch)) {
      dead_ = true;
      return append(batch);
    }
    store(batch);
    return {};
  }

  void store(const append_batch& batch) {
    auto key = *run_key_of(batch.run_id);
    auto [at, is_new] = disk_->runs.try_emplace(batch.run_id);
    auto& run = at->second;
    for (auto& entry : batch.entries) {
      auto sequence = run.entries.size() + 1;
      run.entries.push_back(
        seal(view(make_entry_key(key, sequence)), entry.bytes));
      for (auto& [hash, packed] : entry.blobs) {
        auto& blob = disk_->blobs[hash];
        if (blob.count++ == 0)
          blob.packed = packed;
      }
    }
    if (batch.summary) {
      if (!is_new)
        forget_times(run.summary);
      run.summary = *batch.summary;
      disk_->by_time.emplace(run.summary.created_at, batch.run_id);
      if (run.summary.wake_at)
        disk_->by_wake_time.emplace(*run.summary.wake_at, batch.run_id);
    }
    if (!batch.idempotency_key.empty())
      disk_->keys[batch.idempotency_key] = {batch.run_id, batch.request_digest};
    for (auto& put : batch.cache)
      store(put, {batch.run_id, batch.next_sequence + put.entry, put.stored_at,
                  put.expires_at});
  }

  void store(const cache_put& put, cache_ref to) {
    auto& expiries = disk_->cache_by_expiry;
    if (auto old = disk_->cache.find(put.key);
        old != disk_->cache.end() && old->second.expires_at)
      expiries.erase({*old->second.expires_at, put.key});
    for (std::size_t i = 0; i < cache_sweep_max && !expiries.empty(); ++i) {
      if (expiries.begin()->first > put.stored_at)
        break;
      disk_->cache.erase(expiries.begin()->second);
      expiries.erase(expiries.begin());
    }
    if (to.expires_at)
      expiries.emplace(*to.expires_at, put.key);
    disk_->cache[put.key] = std::move(to);
  }

  void forget_times(const run_summary& old) {
    disk_->by_time.erase({old.created_at, old.run_id});
    if (old.wake_at)
      disk_->by_wake_time.erase({*old.wake_at, old.run_id});
  }

  std::shared_ptr<memory_disk> disk_;
  std::uint64_t epoch_ = 0;
  bool dead_ = false;
};

} // namespace

std::unique_ptr<journal>
make_memory_journal(std::shared_ptr<memory_disk> disk) {
  return std::make_unique<memory_journal>(std::move(disk));
}

} // namespace perdure::storage

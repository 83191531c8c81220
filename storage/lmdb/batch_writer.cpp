#include "storage/lmdb/batch_writer.hpp"

#include "storage/lmdb/cache_table.hpp"
#include "storage/lmdb/lookups.hpp"
#include "storage/lmdb/run_index.hpp"

#include <array>

namespace perdure::storage {

using runtime::errc;

namespace {

append_outcome refused(const runtime::failure& reason) {
  append_outcome outcome;
  outcome.code = reason.code;
  outcome.message = reason.message;
  return outcome;
}

} // namespace

int batch_writer::write(const append_batch& batch, append_outcome& outcome) {
  outcome = check(batch, epoch_);
  if (outcome.code != errc::none)
    return 0;
  auto run = *run_key_of(batch.run_id);
  std::optional<run_summary> before;
  outcome = check_against_store(batch, run, before);
  if (outcome.code != errc::none)
    return 0;
  if (batch.next_sequence == 1 && no_new_runs_) {
    outcome = refused(*no_new_runs_);
    return 0;
  }
  auto code = put_entries(batch, run);
  if (code == 0 && batch.summary)
    code = put_summary(batch, run, before);
  if (code == 0 && !batch.idempotency_key.empty())
    code = put_key(batch);
  if (code == 0)
    code = put_cache(batch);
  tails_[run] = batch.next_sequence - 1 + batch.entries.size();
  return code;
}

result<std::uint64_t> batch_writer::last(const run_key& run) const {
  if (auto found = tails_.find(run); found != tails_.end())
    return found->second;
  if (auto found = known_.find(run); found != known_.end())
    return found->second;
  if (auto last = tail_.last_sequence(run); last > 0)
    return last;
  return last_sequence(txn_, run);
}

append_outcome
batch_writer::check_against_store(const append_batch& batch, const run_key& run,
                                  std::optional<run_summary>& before) const {
  if (!batch.idempotency_key.empty()) {
    auto record
      = find_sealed(txn_, txn_.in->keys, hash_of(batch.idempotency_key),
                    "an idempotency key");
    if (!record)
      return refused(record.error());
    if (*record) {
      auto holder = decode_key_holder(**record);
      return holder ? key_taken(*holder) : refused(holder.error());
    }
  }
  auto last = this->last(run);
  if (!last)
    return refused(last.error());
  if (batch.next_sequence != *last + 1)
    return stale_sequence(batch, *last);
  if (batch.summary && *last > 0) {
    auto found = find_summary(txn_, run);
    if (!found)
      return refused(found.error());
    if (!*found)
      return refused(damaged_run(batch.run_id, "its summary is missing"));
    before = std::move(*found);
  }
  return {};
}

int batch_writer::put_entries(const append_batch& batch, const run_key& run) {
  auto sequence = batch.next_sequence;
  for (auto& entry : batch.entries) {
    auto code = tail_.used()
                  ? tail_.append(txn_, change_, run, sequence, entry.bytes)
                  : put_entry(run, sequence, entry.bytes);
    ++sequence;
    for (auto& [hash, packed] : entry.blobs)
      if (code == 0)
        code = put_blob(hash, packed);
    if (code != 0)
      return code;
  }
  return 0;
}

int batch_writer::put_entry(const run_key& run, std::uint64_t sequence,
                            const std::string& payload) {
  if (entries_ == nullptr) {
    MDB_cursor* cursor = nullptr;
    auto code = mdb_cursor_open(txn_.handle, txn_.in->entries, &cursor);
    if (code != 0)
      return code;
    entries_.reset(cursor);
  }
  auto bytes = make_entry_key(run, sequence);
  auto key = to_val(view(bytes));
  MDB_val record{checksum_size + payload.size(), nullptr};
  auto code = mdb_cursor_put(entries_.get(), &key, &record,
                             MDB_RESERVE | MDB_NOOVERWRITE);
  if (code != 0)
    return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
  seal(view(bytes), payload, static_cast<char*>(record.mv_data));
  return 0;
}

int batch_writer::put_blob(const blob_hash& hash, const std::string& packed) {
  auto key = to_val(hash);
  MDB_val old{};
  auto code = mdb_get(txn_.handle, txn_.in->blob_counts, &key, &old);
  if (code != 0 && code != MDB_NOTFOUND)
    return code;
  std::array<char, 8> count{};
  if (code == 0 && old.mv_size != count.size())
    return MDB_CORRUPTED;
  auto held = code == 0 ? load_le64(static_cast<const char*>(old.mv_data)) : 0;
  store_le64(count.data(), held + 1);
  auto value = to_val({count.data(), count.size()});
  code = mdb_put(txn_.handle, txn_.in->blob_counts, &key, &value, 0);
  if (code != 0 || held > 0)
    return code;
  return put_sealed(txn_.in->blobs, hash, packed);
}

int batch_writer::put_summary(const append_batch& batch, const run_key& run,
                              const std::optional<run_summary>& before) {
  auto code
    = put_sealed(txn_.in->runs, view(run), encode_summary(*batch.summary));
  if (code != 0)
    return code;
  return update_index(txn_, run, before ? &*before : nullptr, *batch.summary);
}

int batch_writer::put_key(const append_batch& batch) {
  return put_sealed(txn_.in->keys, hash_of(batch.idempotency_key),
                    encode_key_holder({batch.idempotency_key, batch.run_id,
                                       batch.request_digest}));
}

int batch_writer::put_cache(const append_batch& batch) {
  for (auto& put : batch.cache)
    if (auto code = put_cached(txn_, put,
                               {batch.run_id, batch.next_sequence + put.entry,
                                put.stored_at, put.expires_at});
        code != 0)
      return code;
  return 0;
}

int batch_writer::put_sealed(MDB_dbi table, std::string_view key,
                             std::string_view payload) {
  auto name = to_val(key);
  MDB_val record{checksum_size + payload.size(), nullptr};
  auto code = mdb_put(txn_.handle, table, &name, &record, MDB_RESERVE);
  if (code == 0)
    seal(key, payload, static_cast<char*>(record.mv_data));
  return code;
}

} // namespace perdure::storage

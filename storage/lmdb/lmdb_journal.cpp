#include "storage/lmdb/lmdb_journal.hpp"

#include "storage/blob.hpp"
#include "storage/lmdb/batch_writer.hpp"
#include "storage/lmdb/cache_table.hpp"
#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/lookups.hpp"
#include "storage/lmdb/run_index.hpp"
#include "storage/record.hpp"

#include <algorithm>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::unit;

namespace {

/// Version of everything that docs/formats.md says of the journal directory.
constexpr std::uint64_t format_version = 1;

constexpr std::string_view format_key = "format";
constexpr std::string_view epoch_key = "epoch";

/// Bound of the last sequences that are kept in memory.
constexpr std::size_t tails_max = 131'072;

constexpr std::size_t definition_key_max = 256;

/// A number of the meta table; nothing when it is not there.
result<std::optional<std::uint64_t>>
find_number(const transaction& txn, std::string_view key) {
  auto payload
    = find_sealed(txn, txn.in->meta, key, "journal: " + std::string{key});
  if (!payload)
    return payload.error();
  if (!*payload)
    return std::optional<std::uint64_t>{};
  if ((*payload)->size() != 8)
    return failure{errc::storage_corrupt,
                   "journal: " + std::string{key} + " is malformed"};
  return std::optional{load_le64((*payload)->data())};
}

int put(const transaction& txn, MDB_dbi table, std::string_view key,
        std::string_view payload) {
  auto record = seal(key, payload);
  auto name = to_val(key);
  auto value = to_val(record);
  return mdb_put(txn.handle, table, &name, &value, 0);
}

int put_number(const transaction& txn, std::string_view key,
               std::uint64_t value) {
  std::string payload(8, '\0');
  store_le64(payload.data(), value);
  return put(txn, txn.in->meta, key, payload);
}

/// Checks the format of the journal and takes it over under a new epoch.
result<std::uint64_t> take_over(environment& env) {
  result<std::uint64_t> epoch = std::uint64_t{0};
  auto written = env.write([&](const transaction& txn) {
    auto refuse = [&](failure reason) {
      epoch = std::move(reason);
      return environment::leave_unchanged;
    };
    auto version = find_number(txn, format_key);
    if (!version)
      return refuse(version.error());
    if (*version && **version != format_version)
      return refuse({errc::storage_format,
                     "journal has format version " + std::to_string(**version)
                       + ", this program reads version "
                       + std::to_string(format_version)
                       + "; use the version of the program that wrote it"});
    auto last = find_number(txn, epoch_key);
    if (!last)
      return refuse(last.error());
    epoch = last->value_or(0) + 1;
    auto code = *version ? 0 : put_number(txn, format_key, format_version);
    return code == 0 ? put_number(txn, epoch_key, *epoch) : code;
  });
  return written ? epoch : written.error();
}

class lmdb_journal final : public journal {
public:
  lmdb_journal(std::unique_ptr<environment> env, std::uint64_t epoch,
               std::size_t tail_entries_max)
    : env_(std::move(env)), epoch_(epoch), tail_(tail_entries_max) {
    // nop
  }

  /// Errors: errc::storage_corrupt, errc::storage_io.
  result<unit> load() {
    {
      auto reader = env_->read();
      if (!reader)
        return reader.error();
      if (auto loaded = tail_.load(reader->txn()); !loaded)
        return loaded;
    }
    if (tail_.used())
      return runtime::ok();
    tail_change change;
    auto emptied = env_->write([&](const transaction& txn) {
      change = tail_.begin();
      return tail_.empty(txn, change);
    });
    if (emptied)
      tail_.accept(change);
    return emptied;
  }

  std::uint64_t epoch() const noexcept override {
    return epoch_;
  }

  std::vector<append_outcome>
  commit(const std::vector<append_batch>& batches) override {
    std::vector<append_outcome> outcomes(batches.size());
    tail_map made;
    tail_change change;
    const auto no_new_runs = why_no_new_runs(batches);
    auto written = env_->write([&](const transaction& txn) {
      batch_writer writer{txn, tails_, tail_, epoch_, no_new_runs};
      for (std::size_t i = 0; i < batches.size(); ++i)
        if (auto code = writer.write(batches[i], outcomes[i]); code != 0)
          return code;
      made = writer.tails();
      if (made.empty())
        return environment::leave_unchanged;
      auto code = writer.settle();
      change = writer.change();
      return code;
    });
    if (!written) {
      fail(outcomes, written.error());
    } else if (!made.empty()) {
      remember(made);
      tail_.accept(change);
    }
    return outcomes;
  }

  result<unit> check_room() override {
    return env_->check_room();
  }

  result<std::vector<stored_entry>>
  read(const std::string& run_id, std::uint64_t from,
       std::size_t limit) const override {
    auto run = run_key_of(run_id);
    if (!run)
      return unknown_run(run_id);
    auto tail = tail_.find(*run);
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    auto known = find(reader->txn(), reader->txn().in->runs, view(*run));
    if (!known)
      return known.error();
    if (!*known)
      return unknown_run(run_id);
    return load_entries(reader->txn(), *run, tail, from, limit);
  }

  result<run_summary> summary(const std::string& run_id) const override {
    auto run = run_key_of(run_id);
    if (!run)
      return unknown_run(run_id);
    auto in_tail = tail_.last_sequence(*run);
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    auto found = find_summary(reader->txn(), *run);
    if (!found)
      return found.error();
    if (!*found)
      return unknown_run(run_id);
    auto last = last_sequence(reader->txn(), *run);
    if (!last)
      return last.error();
    (*found)->last_sequence = std::max(*last, in_tail);
    return std::move(**found);
  }

  result<run_page> runs(const run_query& query) const override {
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    auto page = query_index(reader->txn(), query);
    if (page)
      for (auto& run : page->runs)
        run.last_sequence = std::max(
          run.last_sequence, tail_.last_sequence(*run_key_of(run.run_id)));
    return page;
  }

  result<std::vector<std::pair<run_status, std::uint64_t>>>
  count_by_status() const override {
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    return count_index(reader->txn());
  }

  result<std::vector<std::pair<timestamp, std::string>>>
  wakeups(timestamp until, std::size_t limit) const override {
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    return wakeups_of_index(reader->txn(), until, limit);
  }

  result<std::optional<timestamp>> next_wakeup() const override {
    auto first = wakeups(timestamp::max(), 1);
    if (!first)
      return first.error();
    if (first->empty())
      return std::optional<timestamp>{};
    return std::optional{first->front().first};
  }

  result<std::optional<std::pair<std::string, std::string>>>
  find_key(const std::string& idempotency_key) const override {
    using found = std::optional<std::pair<std::string, std::string>>;
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    auto record = find_sealed(reader->txn(), reader->txn().in->keys,
                              hash_of(idempotency_key), "an idempotency key");
    if (!record)
      return record.error();
    if (!*record)
      return found{};
    auto holder = decode_key_holder(**record);
    if (!holder)
      return holder.error();
    return found{{holder->run_id, holder->request_digest}};
  }

  result<std::optional<cache_ref>>
  find_cached(const std::string& key) const override {
    if (key.empty() || key.size() > cache_key_max)
      return std::optional<cache_ref>{}; // no row can have it
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    return storage::find_cached(reader->txn(), key);
  }

  result<unit> put_definition(const std::string& hash_hex,
                              const std::string& text) override {
    if (hash_hex.empty() || hash_hex.size() > definition_key_max)
      return failure{errc::invalid_argument,
                     "the hash of a definition has 1 to "
                       + std::to_string(definition_key_max) + " characters"};
    result<unit> outcome = runtime::ok();
    auto packed = pack_blob(text);
    auto written = env_->write([&](const transaction& txn) {
      auto there = find(txn, txn.in->definitions, hash_hex);
      if (!there)
        outcome = there.error();
      if (!there || *there)
        return environment::leave_unchanged;
      return put(txn, txn.in->definitions, hash_hex, packed);
    });
    return written ? outcome : written;
  }

  result<std::string> definition(const std::string& hash_hex) const override {
    auto what = "definition " + hash_hex;
    auto missing = failure{errc::storage_corrupt, what + " is missing"};
    if (hash_hex.empty() || hash_hex.size() > definition_key_max)
      return missing;
    auto reader = env_->read();
    if (!reader)
      return reader.error();
    auto packed = find_sealed(reader->txn(), reader->txn().in->definitions,
                              hash_hex, what);
    if (!packed)
      return packed.error();
    if (!*packed)
      return missing;
    auto text = unpack_blob(**packed);
    if (!text)
      return failure{text.error().code, what + ": " + text.error().message};
    return text;
  }

private:
  /// Set when the reserve must be kept from batches that create a run.
  std::optional<failure>
  why_no_new_runs(const std::vector<append_batch>& batches) {
    const auto creates
      = [](const append_batch& batch) { return batch.next_sequence == 1; };
    if (std::none_of(batches.begin(), batches.end(), creates))
      return std::nullopt;
    auto whole = env_->check_reserve();
    // Anything else that is wrong shows in the commit.
    if (whole || whole.error().code != errc::storage_full)
      return std::nullopt;
    return whole.error();
  }

  void remember(const tail_map& made) {
    if (tails_.size() + made.size() > tails_max)
      tails_.clear();
    if (made.size() <= tails_max)
      for (auto& [run, sequence] : made)
        tails_[run] = sequence;
  }

  static void
  fail(std::vector<append_outcome>& outcomes, const failure& reason) {
    for (auto& outcome : outcomes) {
      outcome = {};
      outcome.code = reason.code;
      outcome.message = reason.message;
    }
  }

  std::unique_ptr<environment> env_;
  std::uint64_t epoch_;
  entry_tail tail_;
  /// Touched by `commit` only.
  tail_map tails_;
};

} // namespace

result<std::unique_ptr<journal>>
open_lmdb_journal(const lmdb_options& options) {
  auto env = environment::open(options);
  if (!env)
    return env.error();
  auto epoch = take_over(**env);
  if (!epoch)
    return failure{epoch.error().code,
                   options.directory.string() + ": " + epoch.error().message};
  auto opened = std::make_unique<lmdb_journal>(std::move(*env), *epoch,
                                               options.tail_entries_max);
  if (auto loaded = opened->load(); !loaded)
    return failure{loaded.error().code,
                   options.directory.string() + ": " + loaded.error().message};
  return std::unique_ptr<journal>{std::move(opened)};
}

} // namespace perdure::storage

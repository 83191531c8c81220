#include "storage/lmdb/entry_tail.hpp"

#include "storage/lmdb/lookups.hpp"

#include <algorithm>
#include <array>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::unit;

namespace {

using position_key = std::array<char, 8>;

position_key key_of(std::uint64_t position) noexcept {
  position_key out;
  store_be64(out.data(), position);
  return out;
}

std::string_view view(const position_key& key) noexcept {
  return {key.data(), key.size()};
}

cursor_ptr open(const transaction& txn, MDB_dbi table, int& code) {
  MDB_cursor* cursor = nullptr;
  code = mdb_cursor_open(txn.handle, table, &cursor);
  return cursor_ptr{code == 0 ? cursor : nullptr};
}

} // namespace

result<unit> entry_tail::load(const transaction& txn) {
  int code = 0;
  const auto cursor = open(txn, txn.in->tail, code);
  if (code != 0)
    return lmdb_failure(code, "opening the tail");
  // Entries that are in their place already, by run.
  std::unordered_map<run_key, std::uint64_t, run_key_hash> settled;
  MDB_val key{};
  MDB_val value{};
  code = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
  for (; code == 0;
       code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) {
    if (key.mv_size != sizeof(position_key)
        || value.mv_size < sizeof(entry_key) + checksum_size)
      return failure{errc::storage_corrupt, "journal: its tail is malformed"};
    const auto position = load_be64(static_cast<const char*>(key.mv_data));
    const auto* bytes = static_cast<const char*>(value.mv_data);
    run_key run;
    std::copy_n(bytes, run.size(), run.begin());
    const auto sequence = load_be64(bytes + run.size());
    if (order_.empty())
      first_ = position;
    order_.resize(position - first_);
    order_.push_back(run);
    next_ = position + 1;
    auto [known, fresh] = settled.emplace(run, 0);
    if (fresh) {
      auto last = storage::last_sequence(txn, run);
      if (!last)
        return last.error();
      known->second = *last;
    }
    if (sequence <= known->second)
      continue;
    auto& stretch = runs_[run];
    if (stretch.positions.empty())
      stretch.first_sequence = sequence;
    stretch.positions.push_back(position);
  }
  if (code != MDB_NOTFOUND)
    return lmdb_failure(code, "reading the tail");
  return runtime::ok();
}

tail_change entry_tail::begin() const {
  tail_change out;
  out.first = first_;
  out.next = next_;
  return out;
}

int entry_tail::append(const transaction& txn, tail_change& change,
                       const run_key& run, std::uint64_t sequence,
                       std::string_view payload) const {
  const auto name = make_entry_key(run, sequence);
  const auto position = key_of(change.next);
  auto key = to_val(view(position));
  MDB_val value{name.size() + checksum_size + payload.size(), nullptr};
  const auto code
    = mdb_put(txn.handle, txn.in->tail, &key, &value, MDB_RESERVE | MDB_APPEND);
  if (code != 0)
    return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
  auto* into = static_cast<char*>(value.mv_data);
  std::copy(name.begin(), name.end(), into);
  seal(storage::view(name), payload, into + name.size());
  change.added.push_back({run, sequence, change.next++});
  return 0;
}

int entry_tail::settle(const transaction& txn, tail_change& change) const {
  const auto length = next_ - first_;
  // Half of it: a run that is moved has most likely ended by then, so that each
  // is moved once. Only what was durable before this transaction is moved.
  return length > entries_max_ ? move_front(txn, change, length / 2) : 0;
}

int entry_tail::empty(const transaction& txn, tail_change& change) const {
  return move_front(txn, change, next_ - first_);
}

int entry_tail::move_front(const transaction& txn, tail_change& change,
                           std::uint64_t count) const {
  std::vector<run_key> front{
    order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count)};
  std::sort(front.begin(), front.end());
  front.erase(std::unique(front.begin(), front.end()), front.end());
  int code = 0;
  const auto entries = open(txn, txn.in->entries, code);
  for (const auto& run : front) {
    if (code != 0)
      return code;
    const auto found = runs_.find(run);
    if (found == runs_.end())
      continue; // in its place already
    code = move_run(txn, entries.get(), found->second);
    change.moved.push_back(run);
  }
  if (code != 0)
    return code;
  change.first = first_ + count;
  return cut(txn, first_, change.first);
}

int entry_tail::move_run(const transaction& txn, MDB_cursor* entries,
                         const tail_stretch& stretch) const {
  for (const auto position : stretch.positions) {
    const auto bytes = key_of(position);
    auto key = to_val(view(bytes));
    MDB_val value{};
    if (auto code = mdb_get(txn.handle, txn.in->tail, &key, &value); code != 0)
      return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    // Copied: the write may move the page that the value is on.
    const std::string row{storage::view(value)};
    auto name = to_val(std::string_view{row}.substr(0, sizeof(entry_key)));
    auto record = to_val(std::string_view{row}.substr(sizeof(entry_key)));
    if (auto code = mdb_cursor_put(entries, &name, &record, MDB_NOOVERWRITE);
        code != 0)
      return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
  }
  return 0;
}

int entry_tail::cut(const transaction& txn, std::uint64_t from,
                    std::uint64_t to) const {
  int code = 0;
  const auto cursor = open(txn, txn.in->tail, code);
  for (auto position = from; code == 0 && position < to; ++position) {
    MDB_val key{};
    MDB_val value{};
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
    if (code == 0)
      code = mdb_cursor_del(cursor.get(), 0);
  }
  return code;
}

void entry_tail::accept(const tail_change& change) {
  const std::lock_guard lock{mutex_};
  for (const auto& run : change.moved)
    runs_.erase(run);
  for (const auto& [run, sequence, position] : change.added) {
    auto& stretch = runs_[run];
    if (stretch.positions.empty())
      stretch.first_sequence = sequence;
    stretch.positions.push_back(position);
    order_.push_back(run);
  }
  order_.erase(order_.begin(),
               order_.begin()
                 + static_cast<std::ptrdiff_t>(change.first - first_));
  first_ = change.first;
  next_ = change.next;
}

tail_stretch entry_tail::find(const run_key& run) const {
  const std::lock_guard lock{mutex_};
  const auto found = runs_.find(run);
  return found == runs_.end() ? tail_stretch{} : found->second;
}

std::uint64_t entry_tail::last_sequence(const run_key& run) const {
  const std::lock_guard lock{mutex_};
  const auto found = runs_.find(run);
  return found == runs_.end() ? 0 : found->second.last_sequence();
}

} // namespace perdure::storage

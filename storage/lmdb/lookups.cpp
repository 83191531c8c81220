#include "storage/lmdb/lookups.hpp"

#include "storage/blob.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;

namespace {

result<cursor_ptr> open_cursor(const transaction& txn, MDB_dbi table) {
  MDB_cursor* cursor = nullptr;
  if (auto code = mdb_cursor_open(txn.handle, table, &cursor); code != 0)
    return lmdb_failure(code, "opening a cursor");
  return cursor_ptr{cursor};
}

bool is_of(const MDB_val& key, const run_key& run) noexcept {
  return key.mv_size == entry_key{}.size()
         && view(key).substr(0, run.size()) == view(run);
}

std::uint64_t sequence_of(const MDB_val& key) noexcept {
  return load_be64(static_cast<const char*>(key.mv_data) + run_key{}.size());
}

/// Decodes the entry with that sequence and adds it.
result<runtime::unit>
add_entry(const transaction& txn, const run_key& run, std::uint64_t sequence,
          std::string_view record, std::vector<stored_entry>& entries) {
  auto fail = [&](errc code, std::string_view reason) {
    return failure{
      code, damaged_entry(run_id_of(view(run)), sequence, reason).message};
  };
  auto payload = unseal(view(make_entry_key(run, sequence)), record);
  if (!payload)
    return fail(errc::storage_corrupt, "checksum mismatch");
  auto value = decode(
    *payload, [&](const blob_hash& hash) { return load_blob(txn, hash); });
  if (!value)
    return fail(value.error().code, value.error().message);
  entries.push_back({sequence, std::move(*value)});
  return runtime::ok();
}

/// The record of a tail entry. Errors: errc::storage_corrupt.
result<std::string_view>
tail_record(const transaction& txn, std::uint64_t position) {
  std::array<char, 8> key;
  store_be64(key.data(), position);
  auto row = find(txn, txn.in->tail, {key.data(), key.size()});
  if (!row)
    return row.error();
  if (!*row || (*row)->size() < sizeof(entry_key) + checksum_size)
    return failure{errc::storage_corrupt, "entry is missing"};
  return (*row)->substr(sizeof(entry_key));
}

} // namespace

result<std::optional<std::string_view>>
find(const transaction& txn, MDB_dbi table, std::string_view key) {
  auto wanted = to_val(key);
  MDB_val value{};
  switch (auto code = mdb_get(txn.handle, table, &wanted, &value)) {
    case 0:
      return std::optional{view(value)};
    case MDB_NOTFOUND:
      return std::optional<std::string_view>{};
    default:
      return lmdb_failure(code, "reading");
  }
}

result<std::optional<std::string_view>>
find_sealed(const transaction& txn, MDB_dbi table, std::string_view key,
            std::string_view what) {
  auto record = find(txn, table, key);
  if (!record || !*record)
    return record;
  auto payload = unseal(key, **record);
  if (!payload)
    return failure{errc::storage_corrupt,
                   std::string{what} + ": checksum mismatch"};
  return payload;
}

result<std::uint64_t>
last_sequence(const transaction& txn, const run_key& run) {
  auto cursor = open_cursor(txn, txn.in->entries);
  if (!cursor)
    return cursor.error();
  auto end = make_entry_key(run, std::numeric_limits<std::uint64_t>::max());
  auto key = to_val(view(end));
  MDB_val value{};
  auto code = mdb_cursor_get(cursor->get(), &key, &value, MDB_SET_RANGE);
  code = mdb_cursor_get(cursor->get(), &key, &value,
                        code == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
  if (code == MDB_NOTFOUND || (code == 0 && !is_of(key, run)))
    return std::uint64_t{0};
  if (code != 0)
    return lmdb_failure(code, "looking for the last entry of a run");
  return sequence_of(key);
}

result<std::optional<run_summary>>
find_summary(const transaction& txn, const run_key& run) {
  auto record = find(txn, txn.in->runs, view(run));
  if (!record)
    return record.error();
  if (!*record)
    return std::optional<run_summary>{};
  auto run_id = run_id_of(view(run));
  auto payload = unseal(view(run), **record);
  if (!payload)
    return damaged_run(run_id, "its summary: checksum mismatch");
  auto summary = decode_summary(run_id, *payload);
  if (!summary)
    return summary.error();
  return std::optional{std::move(*summary)};
}

result<std::string> load_blob(const transaction& txn, const blob_hash& hash) {
  auto what = "blob " + hex(hash);
  if (hash.empty() || hash.size() > 32)
    return failure{errc::storage_corrupt, what + " is not named by a hash"};
  auto packed = find_sealed(txn, txn.in->blobs, hash, what);
  if (!packed)
    return packed.error();
  if (!*packed)
    return failure{errc::storage_corrupt, what + " is missing"};
  return unpack_blob(**packed);
}

result<std::vector<stored_entry>>
load_entries(const transaction& txn, const run_key& run,
             const tail_stretch& tail, std::uint64_t from, std::size_t limit) {
  std::vector<stored_entry> entries;
  auto cursor = open_cursor(txn, txn.in->entries);
  if (!cursor)
    return cursor.error();
  auto expected = std::max<std::uint64_t>(from, 1);
  auto first = make_entry_key(run, expected);
  auto key = to_val(view(first));
  MDB_val record{};
  auto code = mdb_cursor_get(cursor->get(), &key, &record, MDB_SET_RANGE);
  for (; code == 0 && is_of(key, run) && entries.size() < limit; ++expected) {
    if (sequence_of(key) != expected)
      return damaged_entry(run_id_of(view(run)), expected, "entry is missing");
    if (auto added = add_entry(txn, run, expected, view(record), entries);
        !added)
      return added.error();
    code = mdb_cursor_get(cursor->get(), &key, &record, MDB_NEXT);
  }
  if (code != 0 && code != MDB_NOTFOUND)
    return lmdb_failure(code, "reading entries of run " + run_id_of(view(run)));
  if (tail.positions.empty() || expected < tail.first_sequence)
    return entries;
  for (; expected <= tail.last_sequence() && entries.size() < limit;
       ++expected) {
    auto row = tail_record(txn, tail.positions[expected - tail.first_sequence]);
    if (!row)
      return damaged_entry(run_id_of(view(run)), expected, row.error().message);
    if (auto added = add_entry(txn, run, expected, *row, entries); !added)
      return added.error();
  }
  return entries;
}

} // namespace perdure::storage

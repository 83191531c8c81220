#include "storage/lmdb/cache_table.hpp"

#include "storage/lmdb/lookups.hpp"

namespace perdure::storage {

namespace {

/// time | cache key: sorts by time.
std::string expiry_key(timestamp time, std::string_view key) {
  const auto prefix = make_time_key(time, run_key{});
  std::string out{prefix.data(), sizeof(std::uint64_t)};
  return out.append(key);
}

/// What is not there is as good as removed.
int erase(const transaction& txn, MDB_dbi table, std::string_view key) {
  auto name = to_val(key);
  const auto code = mdb_del(txn.handle, table, &name, nullptr);
  return code == MDB_NOTFOUND ? 0 : code;
}

/// The outcome that the key refers to until now is no longer in the way.
int forget(const transaction& txn, std::string_view key) {
  const auto old = find_cached(txn, key);
  // A damaged record is written over; its expiry, if any, is swept in time.
  if (!old || !*old || !(*old)->expires_at)
    return 0;
  return erase(txn, txn.in->cache_expiry, expiry_key(*(*old)->expires_at, key));
}

int sweep(const transaction& txn, timestamp now) {
  MDB_cursor* opened = nullptr;
  if (auto code = mdb_cursor_open(txn.handle, txn.in->cache_expiry, &opened);
      code != 0)
    return code;
  const cursor_ptr cursor{opened};
  const auto bound = expiry_key(now, {});
  for (std::size_t i = 0; i < cache_sweep_max; ++i) {
    MDB_val key{};
    MDB_val value{};
    auto code = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
    if (code != 0)
      return code == MDB_NOTFOUND ? 0 : code;
    if (view(key).substr(0, bound.size()) > bound)
      return 0;
    const std::string expired{view(key).substr(bound.size())};
    code = mdb_cursor_del(cursor.get(), 0);
    if (code == 0)
      code = erase(txn, txn.in->cache, expired);
    if (code != 0)
      return code;
  }
  return 0;
}

} // namespace

int put_cached(const transaction& txn, const cache_put& put,
               const cache_ref& to) {
  auto code = forget(txn, put.key);
  if (code == 0)
    code = sweep(txn, put.stored_at);
  if (code != 0)
    return code;
  const auto record = seal(put.key, encode_cache_ref(to));
  auto key = to_val(put.key);
  auto value = to_val(record);
  code = mdb_put(txn.handle, txn.in->cache, &key, &value, 0);
  if (code != 0 || !put.expires_at)
    return code;
  const auto expiry = expiry_key(*put.expires_at, put.key);
  key = to_val(expiry);
  value = to_val({});
  return mdb_put(txn.handle, txn.in->cache_expiry, &key, &value, 0);
}

result<std::optional<cache_ref>>
find_cached(const transaction& txn, std::string_view key) {
  auto payload = find_sealed(txn, txn.in->cache, key, "a cached outcome");
  if (!payload)
    return payload.error();
  if (!*payload)
    return std::optional<cache_ref>{};
  auto ref = decode_cache_ref(**payload);
  if (!ref)
    return ref.error();
  return std::optional{std::move(*ref)};
}

} // namespace perdure::storage

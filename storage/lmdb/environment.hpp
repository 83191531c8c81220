#pragma once

#include "runtime/result.hpp"
#include "storage/lmdb/directory_lock.hpp"
#include "storage/lmdb/lmdb_journal.hpp"

#include <lmdb.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace perdure::storage {

/// The sub-databases of a journal; docs/formats.md has their keys and values.
struct tables {
  MDB_dbi meta = 0;
  MDB_dbi entries = 0;
  MDB_dbi tail = 0;
  MDB_dbi runs = 0;
  MDB_dbi index = 0;
  MDB_dbi keys = 0;
  MDB_dbi blobs = 0;
  MDB_dbi blob_counts = 0;
  MDB_dbi definitions = 0;
  MDB_dbi cache = 0;
  MDB_dbi cache_expiry = 0;
};

/// An open transaction and the sub-databases it may touch. Not owned.
struct transaction {
  MDB_txn* handle = nullptr;
  const tables* in = nullptr;
};

inline MDB_val to_val(std::string_view bytes) noexcept {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

inline std::string_view view(const MDB_val& value) noexcept {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

/// What an LMDB code or an `errno` means to a caller.
runtime::failure lmdb_failure(int code, std::string_view doing);

struct close_cursor {
  void operator()(MDB_cursor* cursor) const noexcept {
    mdb_cursor_close(cursor);
  }
};

using cursor_ptr = std::unique_ptr<MDB_cursor, close_cursor>;

/// One LMDB environment: owns the directory, its map and its recovery.
///
/// A failed write leaves the environment usable: the map grows up to its bound,
/// and an environment that LMDB gave up on is opened again.
///
/// Threads: any; writers wait for each other, readers for a growing map only
class environment {
public:
  /// Returned by the body of a write to leave the store as it is.
  static constexpr int leave_unchanged = -1;

  /// Errors: as `open_lmdb_journal`.
  static runtime::result<std::unique_ptr<environment>>
  open(const lmdb_options& options);

  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment();

  /// A read transaction; ends with its owner.
  class reader {
  public:
    reader(std::shared_lock<std::shared_mutex> lock, transaction txn)
      : lock_(std::move(lock)), txn_(txn) {
      // nop
    }

    reader(reader&& other) noexcept
      : lock_(std::move(other.lock_)), txn_(std::exchange(other.txn_, {})) {
      // nop
    }

    reader& operator=(reader&&) = delete;

    ~reader() {
      if (txn_.handle != nullptr)
        mdb_txn_abort(txn_.handle);
    }

    [[nodiscard]] const transaction& txn() const noexcept {
      return txn_;
    }

  private:
    std::shared_lock<std::shared_mutex> lock_;
    transaction txn_;
  };

  /// Errors: errc::storage_io.
  runtime::result<reader> read();

  /// Runs `body` and commits what it wrote. `body` returns 0, an LMDB code or
  /// `leave_unchanged`; it runs again, from the start, when the map has grown.
  /// Errors: errc::storage_full, errc::storage_corrupt, errc::storage_io.
  runtime::result<runtime::unit>
  write(const std::function<int(const transaction&)>& body);

  /// Whether the reserve is whole. Cheap as long as it is far away.
  /// Errors: errc::storage_full, errc::storage_io.
  runtime::result<runtime::unit> check_reserve();

  /// Whether the reserve is whole and the disk takes more.
  /// Errors: as `check_reserve`.
  runtime::result<runtime::unit> check_room();

private:
  environment(lmdb_options options, directory_lock lock);

  /// Opens the environment with a map of at least `map_size_bytes`.
  int open_map(std::uint64_t map_size_bytes);
  void close_map() noexcept;
  int open_tables();
  int write_once(const std::function<int(const transaction&)>& body);
  int grow();
  /// Opens the environment again when LMDB refuses to go on with it.
  void revive();
  [[nodiscard]] std::uint64_t map_size() const noexcept;
  [[nodiscard]] runtime::failure disk_full() const;
  /// What stopped a write, `code` being what LMDB made of it.
  [[nodiscard]] runtime::failure why(int code) const;
  [[nodiscard]] bool disk_is_full() const noexcept;

  lmdb_options options_;
  directory_lock lock_;
  MDB_env* env_ = nullptr;
  tables tables_;
  std::mutex write_mutex_;
  /// Shared by readers; exclusive while the map moves.
  std::shared_mutex map_mutex_;
  /// Passed by readers and held while the map is about to move: a stream of
  /// readers must not keep the writer out.
  std::mutex gate_;
};

} // namespace perdure::storage

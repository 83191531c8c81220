#include "storage/lmdb/environment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::result;
using runtime::unit;

namespace {

constexpr unsigned readers_max = 4'096;

/// Map sizes are multiples of it; pages of the system are not larger.
constexpr std::uint64_t map_unit = 65'536;

/// Room that a disk must have for a failed write not to count as a full disk.
constexpr std::uint64_t room_min = 1'048'576;

bool is_full(int code) noexcept {
  return code == MDB_MAP_FULL || code == ENOSPC || code == EDQUOT
         || code == EFBIG;
}

int sync_directory(const std::filesystem::path& path) {
  auto file = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0)
    return errno;
  auto code = fsync(file) == 0 ? 0 : errno;
  close(file);
  return code;
}

/// Makes the directory, so that it is still there after a power cut.
result<unit> make_directory(const std::filesystem::path& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem))
    return runtime::ok();
  auto parent = std::filesystem::absolute(path, problem).parent_path();
  if (!problem)
    std::filesystem::create_directories(parent, problem);
  auto code = problem.value();
  if (code == 0 && mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    code = errno;
  if (code == 0)
    code = sync_directory(parent);
  if (code != 0)
    return lmdb_failure(code, "making the directory " + path.string());
  return runtime::ok();
}

/// Gives the file that all readers map its bytes on the disk: a page of it that
/// finds no room when it is first touched ends the process.
int reserve_readers(const std::filesystem::path& directory) {
  constexpr off_t reader_bytes = 64;
  constexpr off_t head_bytes = 4'096;
  const auto path = directory / "lock.mdb";
  const auto file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return errno;
  const auto size = head_bytes + readers_max * reader_bytes;
  const auto code = fallocate(file, 0, 0, size) == 0 ? 0 : errno;
  close(file);
  return code == EOPNOTSUPP ? 0 : code; // not every file system can
}

/// Pages inside the file that later transactions may use again.
result<std::uint64_t> free_pages(MDB_txn* txn) {
  constexpr MDB_dbi free_list = 0; // LMDB's own table: transaction -> pages
  MDB_cursor* raw = nullptr;
  if (auto code = mdb_cursor_open(txn, free_list, &raw); code != 0)
    return lmdb_failure(code, "counting free pages");
  cursor_ptr cursor{raw};
  std::uint64_t pages = 0;
  MDB_val key{};
  MDB_val list{};
  auto code = mdb_cursor_get(raw, &key, &list, MDB_FIRST);
  for (; code == 0; code = mdb_cursor_get(raw, &key, &list, MDB_NEXT)) {
    std::size_t count = 0; // in front of the page numbers
    if (list.mv_size >= sizeof count)
      std::memcpy(&count, list.mv_data, sizeof count);
    pages += count;
  }
  if (code != MDB_NOTFOUND)
    return lmdb_failure(code, "counting free pages");
  return pages;
}

} // namespace

failure lmdb_failure(int code, std::string_view doing) {
  auto message = "journal: " + std::string{doing} + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
      return {errc::storage_corrupt, std::move(message)};
    case MDB_VERSION_MISMATCH:
      return {errc::storage_format, std::move(message)};
    case MDB_TXN_FULL:
      return {errc::payload_too_large, std::move(message)};
    default:
      return {is_full(code) ? errc::storage_full : errc::storage_io,
              std::move(message)};
  }
}

environment::environment(lmdb_options options, directory_lock lock)
  : options_(std::move(options)), lock_(std::move(lock)) {
  options_.max_size_bytes
    = std::max(options_.max_size_bytes / map_unit, std::uint64_t{1}) * map_unit;
  options_.map_size_bytes
    = std::clamp(options_.map_size_bytes / map_unit * map_unit, map_unit,
                 options_.max_size_bytes);
  options_.reserve_bytes
    = std::min(options_.reserve_bytes, options_.max_size_bytes / 4);
}

environment::~environment() {
  close_map();
}

result<std::unique_ptr<environment>>
environment::open(const lmdb_options& options) {
  if (auto made = make_directory(options.directory); !made)
    return made.error();
  auto lock = directory_lock::take(options.directory);
  if (!lock)
    return lock.error();
  std::unique_ptr<environment> self{new environment(options, std::move(*lock))};
  if (auto code = reserve_readers(options.directory); code != 0)
    return self->why(code);
  if (auto code = self->open_map(self->options_.map_size_bytes); code != 0)
    return self->why(code);
  if (auto code = sync_directory(options.directory); code != 0)
    return self->why(code);
  return self;
}

int environment::open_map(std::uint64_t map_size_bytes) {
  unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
  if (!options_.sync)
    flags |= MDB_NOSYNC;
  if (auto code = mdb_env_create(&env_); code != 0)
    return code;
  auto code = mdb_env_set_maxdbs(env_, 16);
  if (code == 0)
    code = mdb_env_set_maxreaders(env_, readers_max);
  if (code == 0)
    code = mdb_env_set_mapsize(env_, map_size_bytes);
  if (code == 0)
    code = mdb_env_open(env_, options_.directory.c_str(), flags, 0600);
  if (code == 0)
    code = open_tables();
  // A small map may have no room for the tables of a new journal.
  for (; code == MDB_MAP_FULL && map_size() < options_.max_size_bytes;
       code = open_tables()) {
    auto size = std::min(2 * map_size(), options_.max_size_bytes);
    code = mdb_env_set_mapsize(env_, size);
    if (code != 0)
      break;
  }
  if (code != 0)
    close_map();
  return code;
}

void environment::close_map() noexcept {
  if (env_ != nullptr)
    mdb_env_close(env_);
  env_ = nullptr;
}

int environment::open_tables() {
  struct row {
    const char* name;
    MDB_dbi tables::*table;
    unsigned flags;
  };
  constexpr std::array<row, 11> rows{{
    {"meta", &tables::meta, 0},
    {"entries", &tables::entries, 0},
    {"tail", &tables::tail, 0},
    {"runs", &tables::runs, 0},
    {"index", &tables::index, MDB_DUPSORT | MDB_DUPFIXED},
    {"keys", &tables::keys, 0},
    {"blobs", &tables::blobs, 0},
    {"blob_counts", &tables::blob_counts, 0},
    {"definitions", &tables::definitions, 0},
    {"cache", &tables::cache, 0},
    {"cache_expiry", &tables::cache_expiry, 0},
  }};
  MDB_txn* txn = nullptr;
  if (auto code = mdb_txn_begin(env_, nullptr, 0, &txn); code != 0)
    return code;
  for (auto& row : rows)
    if (auto code = mdb_dbi_open(txn, row.name, row.flags | MDB_CREATE,
                                 &(tables_.*row.table));
        code != 0) {
      mdb_txn_abort(txn);
      return code;
    }
  return mdb_txn_commit(txn);
}

result<environment::reader> environment::read() {
  std::shared_lock<std::shared_mutex> lock{map_mutex_, std::defer_lock};
  {
    std::lock_guard pass{gate_};
    lock.lock();
  }
  if (env_ == nullptr)
    return failure{errc::storage_io, "journal could not be opened again after "
                                     "a failed write; restart the node"};
  MDB_txn* txn = nullptr;
  if (auto code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); code != 0)
    return lmdb_failure(code, "beginning to read");
  return reader{std::move(lock), transaction{txn, &tables_}};
}

result<unit>
environment::write(const std::function<int(const transaction&)>& body) {
  std::lock_guard writing{write_mutex_};
  auto code = write_once(body);
  while (code == MDB_MAP_FULL && map_size() < options_.max_size_bytes) {
    code = grow();
    if (code == 0)
      code = write_once(body);
  }
  if (code == 0 || code == leave_unchanged)
    return runtime::ok();
  auto reason = why(code);
  revive();
  return reason;
}

int environment::write_once(
  const std::function<int(const transaction&)>& body) {
  if (env_ == nullptr)
    revive();
  if (env_ == nullptr)
    return EIO;
  MDB_txn* txn = nullptr;
  if (auto code = mdb_txn_begin(env_, nullptr, 0, &txn); code != 0)
    return code;
  if (auto code = body({txn, &tables_}); code != 0) {
    mdb_txn_abort(txn);
    return code;
  }
  return mdb_txn_commit(txn);
}

result<unit> environment::check_reserve() {
  auto reader = read();
  if (!reader)
    return reader.error();
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  const auto bound = options_.max_size_bytes - options_.reserve_bytes;
  const auto pages_max = bound / stat.ms_psize;
  if (info.me_last_pgno < pages_max)
    return runtime::ok();
  auto free = free_pages(reader->txn().handle);
  if (!free)
    return free.error();
  if (info.me_last_pgno < pages_max + *free)
    return runtime::ok();
  return failure{errc::storage_full,
                 "journal " + options_.directory.string() + " holds more than "
                   + std::to_string(bound)
                   + " bytes; what is left of its limit of "
                   + std::to_string(options_.max_size_bytes)
                   + " bytes is kept for runs that exist; raise the limit"};
}

result<unit> environment::check_room() {
  if (auto whole = check_reserve(); !whole)
    return whole;
  if (disk_is_full())
    return disk_full();
  return runtime::ok();
}

int environment::grow() {
  std::lock_guard closed{gate_};
  std::lock_guard moving{map_mutex_};
  auto size = map_size();
  auto wanted = std::min(2 * size, options_.max_size_bytes);
  if (wanted <= size)
    return MDB_MAP_FULL;
  auto code = mdb_env_set_mapsize(env_, wanted);
  if (code == 0)
    return 0;
  // The old map is gone as well.
  close_map();
  static_cast<void>(open_map(size));
  return code == ENOMEM ? MDB_MAP_FULL : code;
}

void environment::revive() {
  if (env_ != nullptr) {
    MDB_txn* txn = nullptr;
    if (mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) == 0) {
      mdb_txn_abort(txn);
      return;
    }
  }
  std::lock_guard closed{gate_};
  std::lock_guard moving{map_mutex_};
  auto size = env_ != nullptr ? map_size() : options_.map_size_bytes;
  close_map();
  static_cast<void>(open_map(size));
}

std::uint64_t environment::map_size() const noexcept {
  MDB_envinfo info{};
  if (env_ == nullptr || mdb_env_info(env_, &info) != 0)
    return 0;
  return info.me_mapsize;
}

failure environment::why(int code) const {
  if (code == MDB_MAP_FULL)
    return {errc::storage_full, "journal " + options_.directory.string()
                                  + " has reached its limit" + " of "
                                  + std::to_string(options_.max_size_bytes)
                                  + " bytes; raise the limit"};
  // LMDB reports a write that was cut short by a full disk as EIO.
  if (is_full(code) || (code == EIO && disk_is_full()))
    return disk_full();
  return lmdb_failure(code, "writing to " + options_.directory.string());
}

failure environment::disk_full() const {
  return {errc::storage_full,
          "journal " + options_.directory.string()
            + " cannot grow; free disk space, or raise the quota or the file "
              "size limit"};
}

bool environment::disk_is_full() const noexcept {
  auto path = options_.directory / "data.mdb";
  struct stat file {};
  rlimit limit{};
  if (stat(path.c_str(), &file) == 0 && getrlimit(RLIMIT_FSIZE, &limit) == 0
      && limit.rlim_cur != RLIM_INFINITY
      && static_cast<std::uint64_t>(file.st_size) + room_min > limit.rlim_cur)
    return true;
  // Quotas do not show in statvfs: ask for room and give it back.
  auto probe = options_.directory / "probe";
  auto fd = ::open(probe.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return is_full(errno);
  auto code = posix_fallocate(fd, 0, room_min);
  close(fd);
  unlink(probe.c_str());
  return is_full(code);
}

} // namespace perdure::storage

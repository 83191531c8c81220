#include "storage/lmdb/journal_copy.hpp"

#include "storage/lmdb/environment.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;
using runtime::result;
using runtime::unit;

namespace {

constexpr auto file_name = "data.mdb";

struct close_environment {
  void operator()(MDB_env* env) const noexcept {
    mdb_env_close(env);
  }
};

int sync(const std::filesystem::path& path) {
  const auto file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return errno;
  const auto code = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  return code;
}

int copy_store(const std::filesystem::path& from,
               const std::filesystem::path& to) {
  MDB_env* opened = nullptr;
  if (auto code = mdb_env_create(&opened); code != 0)
    return code;
  const std::unique_ptr<MDB_env, close_environment> env{opened};
  auto code
    = mdb_env_open(env.get(), from.c_str(), MDB_RDONLY | MDB_NOTLS, 0600);
  if (code == 0)
    code = mdb_env_copy2(env.get(), to.c_str(), MDB_CP_COMPACT);
  if (code == 0)
    code = sync(to / file_name);
  return code == 0 ? sync(to) : code;
}

} // namespace

result<unit> copy_lmdb_journal(const std::filesystem::path& from,
                               const std::filesystem::path& to) {
  std::error_code problem;
  if (!std::filesystem::exists(from / file_name, problem))
    return failure{errc::invalid_argument,
                   "there is no journal in " + from.string()};
  std::filesystem::create_directories(to, problem);
  if (!problem && ::chmod(to.c_str(), 0700) != 0)
    problem = {errno, std::generic_category()};
  if (problem)
    return failure{errc::storage_io,
                   "making " + to.string() + ": " + problem.message()};
  if (!std::filesystem::is_empty(to, problem) || problem)
    return failure{errc::invalid_argument,
                   to.string() + " is not empty; name a new directory"};
  if (const auto code = copy_store(from, to); code != 0) {
    std::filesystem::remove(to / file_name, problem);
    return lmdb_failure(code, "copying to " + to.string());
  }
  return runtime::ok();
}

} // namespace perdure::storage

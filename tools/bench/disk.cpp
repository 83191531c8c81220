#include "tools/bench/disk.hpp"

#include "storage/lmdb/lmdb_journal.hpp"
#include "tools/bench/host.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace perdure::bench {

namespace {

template <class Work>
std::vector<std::uint32_t> time_each(std::size_t count, Work work) {
  using steady = std::chrono::steady_clock;
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = steady::now();
    work(i);
    out.push_back(static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(steady::now()
                                                            - from)
        .count()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

std::vector<std::uint32_t>
time_syncs(const std::filesystem::path& directory, std::size_t count) {
  const auto path = directory / "sync-probe";
  const int file
    = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  const std::string block(4'096, 'x');
  auto out = time_each(count, [&](std::size_t) {
    if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0)
      std::perror("sync probe");
  });
  ::close(file);
  std::filesystem::remove(path);
  return out;
}

std::vector<std::uint32_t>
time_commits(const std::filesystem::path& directory, std::size_t count) {
  storage::lmdb_options options;
  options.directory = directory / "commit-probe";
  std::filesystem::remove_all(options.directory);
  std::vector<std::uint32_t> out;
  {
    auto journal = must(storage::open_lmdb_journal(options));
    storage::append_batch batch;
    batch.run_id = "01900000-0000-7000-8000-000000000001";
    batch.epoch = journal->epoch();
    runtime::run_created created;
    created.run_id = batch.run_id;
    created.definition_hash = std::string(64, 'a');
    batch.entries = {storage::encode(created)};
    batch.summary.emplace();
    batch.summary->run_id = batch.run_id;
    batch.summary->agent = "probe";
    if (journal->commit({batch}).front().code != runtime::errc::none)
      return out;
    batch.summary.reset();
    runtime::task_started started;
    batch.entries = {storage::encode(started)};
    out = time_each(count, [&](std::size_t i) {
      batch.next_sequence = i + 2;
      const auto outcome = journal->commit({batch});
      if (outcome.front().code != runtime::errc::none)
        std::fprintf(stderr, "%s\n", outcome.front().message.c_str());
    });
  }
  std::filesystem::remove_all(options.directory);
  return out;
}

} // namespace perdure::bench

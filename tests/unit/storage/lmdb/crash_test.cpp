#define CAF_SUITE storage.lmdb_crash

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <map>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

namespace {

/// What the writer tells its parent once a commit is durable.
struct acknowledgement {
  unsigned run = 0;
  std::uint64_t last_sequence = 0;
};

/// Appends batches of 1 to 5 entries to a few runs until it is killed.
[[noreturn]] void
write_until_killed(const lmdb_options& options, int pipe, unsigned seed) {
  auto opened = open_lmdb_journal(options);
  if (!opened)
    _exit(2);
  auto& to = **opened;
  std::mt19937 random{seed};
  std::map<unsigned, std::uint64_t> lasts;
  for (unsigned n = 0; n < 4; ++n)
    if (auto summary = to.summary(run_id(n)); summary)
      lasts[n] = summary->last_sequence;
  for (;;) {
    std::vector<append_batch> batches;
    for (unsigned n = 0; n < 4; ++n) {
      if (random() % 2 == 0)
        continue;
      auto count = 1 + random() % 5;
      auto batch = addition(to, n, lasts[n] + 1, count);
      batch.entries.front()
        = note("a batch of " + std::to_string(count) + " entries");
      if (lasts[n] == 0)
        batch.summary = summary_of(n);
      batches.push_back(std::move(batch));
    }
    auto outcomes = to.commit(batches);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (outcomes[i].code != errc::none)
        _exit(3);
      for (unsigned n = 0; n < 4; ++n) {
        if (batches[i].run_id != run_id(n))
          continue;
        lasts[n] += batches[i].entries.size();
        acknowledgement ack{n, lasts[n]};
        if (write(pipe, &ack, sizeof(ack)) != sizeof(ack))
          _exit(4);
      }
    }
  }
}

/// A run holds whole batches only.
void check_whole(const std::vector<stored_entry>& entries) {
  for (std::size_t i = 0; i < entries.size();) {
    auto head = reason_of(entries[i]);
    CAF_REQUIRE(head.rfind("a batch of ", 0) == 0);
    i += std::stoul(head.substr(11));
    CAF_REQUIRE(i <= entries.size());
  }
}

} // namespace

// Goal: a writer that is killed at any moment has lost nothing that it
// acknowledged, and left no part of a batch. Method: seeded moments.
CAF_TEST(killed writers keep what they acknowledged) {
  auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  options.map_size_bytes = 1;
  std::map<unsigned, std::uint64_t> acknowledged;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    CAF_REQUIRE_EQUAL(pipe(ends), 0);
    auto writer_seed = static_cast<unsigned>(random());
    auto child = fork();
    CAF_REQUIRE(child >= 0);
    if (child == 0) {
      close(ends[0]);
      write_until_killed(options, ends[1], writer_seed);
    }
    close(ends[1]);
    acknowledgement ack;
    auto take = [&] {
      if (::read(ends[0], &ack, sizeof(ack)) != sizeof(ack))
        return false;
      acknowledged[ack.run] = ack.last_sequence;
      return true;
    };
    for (auto count = random() % 60; count > 0 && take(); --count)
      ;
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 3'000});
    kill(child, SIGKILL);
    while (take())
      ;
    close(ends[0]);
    int status = 0;
    CAF_REQUIRE_EQUAL(waitpid(child, &status, 0), child);
    CAF_REQUIRE(WIFSIGNALED(status));
    auto opened = open_lmdb_journal(options);
    if (!opened)
      CAF_FAIL(opened.error().message);
    for (auto& [n, last] : acknowledged) {
      auto entries = (*opened)->read(run_id(n));
      CAF_REQUIRE(entries);
      CAF_CHECK(entries->size() >= last);
      check_whole(*entries);
    }
  }
  CAF_CHECK_EQUAL(acknowledged.size(), 4u);
}

#define CAF_SUITE storage.entry_tail

#include "unit/storage/journal_support.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

using namespace perdure::storage;
using namespace perdure::storage::test;

namespace {

std::unique_ptr<journal>
open(const scratch_directory& scratch, std::size_t tail_entries_max) {
  lmdb_options options;
  options.directory = scratch.path() / "journal";
  options.sync = false;
  options.tail_entries_max = tail_entries_max;
  return value_of(open_lmdb_journal(options));
}

/// Every run holds exactly the sequences that were committed, in order, and
/// a part of it is the same part.
void check_all(const journal& from,
               const std::map<unsigned, std::uint64_t>& committed,
               std::minstd_rand& random) {
  for (const auto& [run, count] : committed) {
    const auto all = value_of(from.read(run_id(run)));
    CAF_REQUIRE(all.size() == count);
    for (std::uint64_t i = 1; i < count; ++i)
      if (all[i].sequence != i + 1
          || reason_of(all[i]) != "entry " + std::to_string(i + 1))
        CAF_FAIL("run " << run << " has a wrong entry at " << i + 1);
    const auto summary = value_of(from.summary(run_id(run)));
    CAF_CHECK(summary.last_sequence == count);
    const auto at = 1 + random() % count;
    const auto limit = 1 + random() % 5;
    const auto part = value_of(from.read(run_id(run), at, limit));
    CAF_CHECK(part.size() == std::min<std::uint64_t>(limit, count - at + 1));
    CAF_CHECK(part.front().sequence == at);
  }
}

} // namespace

// Goal: where an entry lies makes no difference to what is read.
// Method: random appends to many runs, tails of many lengths (another one at
// each opening, none among them); the seed is printed.
CAF_TEST(entries read the same wherever they lie) {
  const auto seed = static_cast<unsigned>(std::random_device{}());
  CAF_MESSAGE("seed " << seed);
  std::minstd_rand random{seed};
  scratch_directory scratch;
  std::map<unsigned, std::uint64_t> committed;
  for (int opening = 0; opening < 30; ++opening) {
    const std::size_t lengths[] = {0, 1, 2, 7, 40, 1'000};
    auto to = open(scratch, lengths[random() % 6]);
    for (int round = 0; round < 40; ++round) {
      std::vector<append_batch> batches;
      for (auto i = random() % 6; i > 0; --i) {
        const auto run = static_cast<unsigned>(1 + random() % 25);
        auto& count = committed[run];
        if (count == 0) {
          batches.push_back(creation(*to, run));
          count = 1;
        } else {
          const auto more = 1 + random() % 4;
          batches.push_back(addition(*to, run, count + 1, more));
          count += more;
        }
      }
      for (const auto& outcome : to->commit(batches))
        CAF_REQUIRE(outcome.message.empty());
    }
    check_all(*to, committed, random);
  }
}

CAF_TEST(a stale sequence is refused wherever the last entry lies) {
  scratch_directory scratch;
  for (const std::size_t length : {0, 2, 100}) {
    auto to = open(scratch, length);
    const auto run = static_cast<unsigned>(length + 1);
    CAF_REQUIRE(commit(*to, creation(*to, run)).message.empty());
    CAF_REQUIRE(commit(*to, addition(*to, run, 2, 9)).message.empty());
    to = nullptr;
    to = open(scratch, length);
    CAF_CHECK(commit(*to, addition(*to, run, 10)).code
              == perdure::runtime::errc::stale_append);
    CAF_CHECK(commit(*to, addition(*to, run, 11)).message.empty());
  }
}

CAF_TEST(readers see a whole prefix while entries move) {
  scratch_directory scratch;
  auto to = open(scratch, 20);
  constexpr unsigned runs = 8;
  for (unsigned run = 1; run <= runs; ++run)
    CAF_REQUIRE(commit(*to, creation(*to, run)).message.empty());
  std::atomic<bool> done{false};
  std::atomic<int> problems{0};
  std::atomic<int> reads{0};
  std::thread reader{[&] {
    std::uint64_t seen[runs + 1] = {};
    while (!done)
      for (unsigned run = 1; run <= runs; ++run) {
        auto entries = to->read(run_id(run));
        // What was read once stays.
        if (!entries || entries->size() < seen[run]
            || entries->back().sequence != entries->size())
          ++problems;
        else
          seen[run] = entries->size();
        ++reads;
      }
  }};
  for (std::uint64_t sequence = 2; sequence < 300; ++sequence)
    for (unsigned run = 1; run <= runs; ++run)
      if (!commit(*to, addition(*to, run, sequence)).message.empty())
        ++problems;
  done = true;
  reader.join();
  CAF_CHECK(problems == 0);
  CAF_CHECK(reads > 10);
}

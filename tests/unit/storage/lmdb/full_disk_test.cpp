#define CAF_SUITE storage.lmdb_full_disk

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <sys/resource.h>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

namespace {

/// Bounds the size of files that this process may write, as a full disk would.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    auto limit = old_;
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
      CAF_FAIL("cannot set the limit");
  }

  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &old_);
  }

private:
  rlimit old_{};
};

append_batch large_addition(const journal& to, unsigned n,
                            std::uint64_t sequence, std::mt19937& random) {
  std::string noise(100'000, '\0');
  for (auto& byte : noise)
    byte = static_cast<char>('0' + random() % 64);
  auto batch = addition(to, n, sequence);
  batch.entries.push_back(
    encode(perdure::runtime::output_rejected{at(1), std::move(noise)}));
  return batch;
}

/// Appends until the journal is full. @returns the number of entries it has
std::uint64_t fill(journal& to, std::mt19937& random) {
  std::uint64_t last = 1;
  for (int round = 0; round < 1'000; ++round) {
    auto outcome = commit(to, large_addition(to, 1, last + 1, random));
    if (outcome.code != errc::none) {
      CAF_CHECK(outcome.code == errc::storage_full);
      CAF_MESSAGE(outcome.message);
      return last;
    }
    last += 2;
  }
  CAF_FAIL("the journal was never full");
}

/// Nothing was lost, reads go on, and nothing can be appended.
void check_full(journal& to, std::uint64_t last, std::mt19937& random) {
  CAF_CHECK_EQUAL(to.read(run_id(1))->size(), last);
  CAF_CHECK_EQUAL(value_of(to.summary(run_id(1))).last_sequence, last);
  CAF_CHECK_EQUAL(to.runs({})->runs.size(), 1u);
  for (int i = 0; i < 3; ++i) {
    auto outcomes
      = to.commit({large_addition(to, 1, last + 1, random), creation(to, 2),
                   large_addition(to, 1, last + 9, random)});
    for (auto& outcome : outcomes)
      CAF_CHECK(outcome.code == errc::storage_full);
  }
  CAF_CHECK(!to.summary(run_id(2)));
  CAF_CHECK_EQUAL(to.read(run_id(1))->size(), last);
}

} // namespace

CAF_TEST(the bound of the store is a full disk) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  options.map_size_bytes = 100'000;
  options.max_size_bytes = 3'000'000;
  std::mt19937 random{1};
  std::uint64_t last = 0;
  {
    auto to = value_of(open_lmdb_journal(options));
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    last = fill(*to, random);
    CAF_CHECK_GREATER(last, 10u);
    check_full(*to, last, random);
    // What fits is still taken.
    CAF_CHECK(commit(*to, addition(*to, 1, last + 1)).code == errc::none);
    ++last;
  }
  options.max_size_bytes = 30'000'000;
  auto to = value_of(open_lmdb_journal(options));
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), last);
  CAF_CHECK(commit(*to, large_addition(*to, 1, last + 1, random)).code
            == errc::none);
}

CAF_TEST(the reserve is for runs that exist) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  options.max_size_bytes = 4'000'000;
  options.reserve_bytes = 1'000'000;
  options.tail_entries_max = 64; // moves free pages inside the file
  options.sync = false;
  auto to = value_of(open_lmdb_journal(options));
  CAF_CHECK(to->check_room());
  unsigned runs = 0;
  append_outcome refusal;
  while (refusal.code == errc::none && runs < 10'000)
    refusal = commit(*to, creation(*to, ++runs));
  CAF_REQUIRE(refusal.code == errc::storage_full);
  CAF_MESSAGE(refusal.message);
  CAF_CHECK(!to->summary(run_id(runs)));
  auto room = to->check_room();
  CAF_REQUIRE(!room);
  CAF_CHECK(room.error().code == errc::storage_full);
  CAF_CHECK_EQUAL(room.error().message, refusal.message);
  // In one transaction the new one is refused and the others are written.
  std::uint64_t next = 2;
  for (int i = 0; i < 100; ++i, ++next) {
    auto outcomes = to->commit(
      {addition(*to, 1, next), creation(*to, runs), addition(*to, 2, next)});
    CAF_CHECK(outcomes[0].code == errc::none);
    CAF_CHECK(outcomes[1].code == errc::storage_full);
    CAF_CHECK(outcomes[2].code == errc::none);
  }
  // The reserve is as large as it was said to be.
  std::mt19937 random{3};
  auto last = next - 1;
  for (int i = 0; i < 6; ++i, last += 2)
    CAF_CHECK(commit(*to, large_addition(*to, 1, last + 1, random)).code
              == errc::none);
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), last);
  to.reset();
  options.max_size_bytes = 8'000'000;
  to = value_of(open_lmdb_journal(options));
  CAF_CHECK(to->check_room());
  CAF_CHECK(commit(*to, creation(*to, runs)).code == errc::none);
}

CAF_TEST(a key that is taken is answered from a full journal too) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  options.max_size_bytes = 4'000'000;
  options.sync = false;
  auto to = value_of(open_lmdb_journal(options));
  auto first = creation(*to, 1);
  first.idempotency_key = "order-17";
  first.request_digest = "digest";
  CAF_REQUIRE(commit(*to, first).code == errc::none);
  for (unsigned n = 2; commit(*to, creation(*to, n)).code == errc::none; ++n)
    CAF_REQUIRE(n < 10'000);
  first.run_id = run_id(99'999);
  first.summary->run_id = first.run_id;
  CAF_CHECK_EQUAL(commit(*to, first).existing_run_id, run_id(1));
}

CAF_TEST(a full disk has no room and then has) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  auto to = value_of(open_lmdb_journal(options));
  CAF_CHECK(to->check_room());
  {
    file_size_limit full{10'000};
    auto room = to->check_room();
    CAF_REQUIRE(!room);
    CAF_CHECK(room.error().code == errc::storage_full);
  }
  CAF_CHECK(to->check_room());
}

// Goal: no limit at which a write stops in the middle loses or breaks anything.
// Method: limits at, between and within pages; then room is made again.
CAF_TEST(a disk that is full at any point) {
  std::mt19937 random{2};
  for (rlim_t limit : {1'000'000, 1'002'345, 1'048'576, 1'052'672, 1'056'769}) {
    scratch_directory scratch;
    lmdb_options options;
    options.directory = scratch.path();
    auto to = value_of(open_lmdb_journal(options));
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    std::uint64_t last = 0;
    {
      file_size_limit full{limit};
      last = fill(*to, random);
      check_full(*to, last, random);
    }
    CAF_CHECK(commit(*to, large_addition(*to, 1, last + 1, random)).code
              == errc::none);
    CAF_CHECK(commit(*to, creation(*to, 2)).code == errc::none);
    to.reset();
    auto again = open_lmdb_journal(options);
    CAF_REQUIRE(again);
    CAF_CHECK_EQUAL((*again)->read(run_id(1))->size(), last + 2);
    CAF_CHECK_EQUAL((*again)->read(run_id(2))->size(), 1u);
  }
}

CAF_TEST(a limit below the size of the file is a full disk) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  auto to = value_of(open_lmdb_journal(options));
  CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
  {
    file_size_limit full{100};
    for (int i = 0; i < 3; ++i)
      CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::storage_full);
    CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 1u);
  }
  CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::none);
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 2u);
}

CAF_TEST(a full disk refuses a new journal and then takes it) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  {
    file_size_limit full{10'000};
    auto refused = open_lmdb_journal(options);
    CAF_REQUIRE(!refused);
    CAF_CHECK(refused.error().code == errc::storage_full);
  }
  auto to = open_lmdb_journal(options);
  CAF_REQUIRE(to);
  CAF_CHECK(commit(**to, creation(**to, 1)).code == errc::none);
}

#define CAF_SUITE storage.memory_journal

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

CAF_TEST(a full disk refuses and recovers) {
  auto disk = std::make_shared<memory_disk>();
  auto to = make_memory_journal(disk);
  CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
  disk->full = true;
  CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::storage_full);
  CAF_CHECK(!to->put_definition("0a", "text"));
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 1u);
  disk->full = false;
  CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::none);
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 2u);
}

CAF_TEST(a node that died keeps what was durable) {
  auto disk = std::make_shared<memory_disk>();
  auto to = make_memory_journal(disk);
  int left = 2;
  disk->before_commit = [&left](const append_batch&) { return left-- > 0; };
  auto outcomes = to->commit({creation(*to, 1), addition(*to, 1, 2),
                              addition(*to, 1, 3), addition(*to, 1, 3)});
  CAF_REQUIRE_EQUAL(outcomes.size(), 4u);
  CAF_CHECK(outcomes[0].code == errc::none);
  CAF_CHECK(outcomes[1].code == errc::none);
  CAF_CHECK(outcomes[2].code == errc::storage_io);
  CAF_CHECK(outcomes[3].code == errc::storage_io);
  disk->before_commit = nullptr;
  CAF_CHECK(commit(*to, addition(*to, 1, 3)).code == errc::storage_io);
  auto restarted = make_memory_journal(disk);
  CAF_CHECK_GREATER(restarted->epoch(), to->epoch());
  CAF_CHECK_EQUAL(restarted->read(run_id(1))->size(), 2u);
  CAF_CHECK(commit(*restarted, addition(*restarted, 1, 3)).code == errc::none);
}

CAF_TEST(an owner that was replaced is fenced) {
  auto disk = std::make_shared<memory_disk>();
  auto old = make_memory_journal(disk);
  CAF_REQUIRE(commit(*old, creation(*old, 1)).code == errc::none);
  auto current = make_memory_journal(disk);
  CAF_CHECK(commit(*old, addition(*old, 1, 2)).code == errc::stale_append);
  CAF_CHECK(commit(*current, addition(*current, 1, 2)).code == errc::none);
}

CAF_TEST(a damaged record is named) {
  auto disk = std::make_shared<memory_disk>();
  auto to = make_memory_journal(disk);
  CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
  CAF_REQUIRE(commit(*to, addition(*to, 1, 2)).code == errc::none);
  disk->runs.at(run_id(1)).entries[1].back() ^= 1;
  auto entries = to->read(run_id(1));
  CAF_REQUIRE(!entries);
  CAF_CHECK(entries.error().code == errc::storage_corrupt);
  CAF_CHECK_EQUAL(entries.error().message,
                  "run " + run_id(1) + ", sequence 2: checksum mismatch");
  CAF_CHECK_EQUAL(to->read(run_id(1), 1, 1)->size(), 1u);
}

#define CAF_SUITE storage.journal

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

CAF_TEST(what is appended can be read) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_CHECK(commit(*to, creation(*to, 1)).code == errc::none);
    CAF_CHECK(commit(*to, addition(*to, 1, 2, 4)).code == errc::none);
    auto entries = to->read(run_id(1));
    CAF_REQUIRE(entries);
    CAF_REQUIRE_EQUAL(entries->size(), 5u);
    CAF_CHECK_EQUAL(reason_of(entries->front()), "created");
    CAF_CHECK_EQUAL(reason_of(entries->back()), "entry 5");
    for (std::size_t i = 0; i < 5; ++i)
      CAF_CHECK_EQUAL((*entries)[i].sequence, i + 1);
    auto part = to->read(run_id(1), 3, 2);
    CAF_REQUIRE(part);
    CAF_REQUIRE_EQUAL(part->size(), 2u);
    CAF_CHECK_EQUAL(part->front().sequence, 3u);
    CAF_CHECK_EQUAL(part->back().sequence, 4u);
    CAF_CHECK_EQUAL(to->read(run_id(1), 0)->size(), 5u);
    CAF_CHECK(to->read(run_id(1), 6)->empty());
    CAF_CHECK(to->read(run_id(1), 1, 0)->empty());
    auto summary = to->summary(run_id(1));
    CAF_REQUIRE(summary);
    CAF_CHECK_EQUAL(summary->last_sequence, 5u);
    auto expected = summary_of(1);
    expected.last_sequence = 5;
    CAF_CHECK(*summary == expected);
  }
}

CAF_TEST(runs that are not there are named) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    for (auto& id : {run_id(2), std::string{}, std::string{"no uuid"},
                     std::string(5'000, 'x')}) {
      auto entries = to->read(id);
      CAF_REQUIRE(!entries);
      CAF_CHECK(entries.error().code == errc::run_not_found);
      CAF_CHECK(entries.error().message.find(id) != std::string::npos);
      auto summary = to->summary(id);
      CAF_REQUIRE(!summary);
      CAF_CHECK(summary.error().code == errc::run_not_found);
    }
  }
}

CAF_TEST(a stale sequence is refused and leaves no trace) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::stale_append);
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    CAF_REQUIRE(commit(*to, addition(*to, 1, 2)).code == errc::none);
    for (std::uint64_t next : {0u, 2u, 4u, 9u}) {
      auto batch = addition(*to, 1, next);
      batch.summary = summary_of(1);
      batch.summary->status = run_status::failed;
      auto outcome = commit(*to, batch);
      CAF_CHECK(outcome.code == errc::stale_append);
      CAF_CHECK(outcome.message.find(run_id(1)) != std::string::npos);
    }
    auto again = creation(*to, 1);
    again.idempotency_key = "key";
    CAF_CHECK(commit(*to, again).code == errc::stale_append);
    CAF_CHECK(!to->find_key("key")->has_value());
    CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 2u);
    CAF_CHECK(to->summary(run_id(1))->status == run_status::running);
    CAF_CHECK(commit(*to, addition(*to, 1, 3)).code == errc::none);
  }
}

CAF_TEST(an owner of another epoch is refused) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_CHECK_EQUAL(to->epoch(), 1u);
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
  }
  journals.reopen();
  for (auto* to : journals.all()) {
    CAF_CHECK_EQUAL(to->epoch(), 2u);
    for (std::uint64_t epoch : {0u, 1u, 3u}) {
      auto batch = addition(*to, 1, 2);
      batch.epoch = epoch;
      CAF_CHECK(commit(*to, batch).code == errc::stale_append);
    }
    CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::none);
  }
}

CAF_TEST(batches that make no sense are refused) {
  both_journals journals;
  for (auto* to : journals.all()) {
    auto refused = [to](auto change) {
      auto batch = creation(*to, 1);
      change(batch);
      return commit(*to, batch).code == errc::invalid_argument;
    };
    CAF_CHECK(refused([](append_batch& it) { it.run_id = "x"; }));
    CAF_CHECK(refused([](append_batch& it) { it.summary.reset(); }));
    CAF_CHECK(refused([](append_batch& it) { it.entries.clear(); }));
    CAF_CHECK(refused([](append_batch& it) { it.summary = summary_of(2); }));
    CAF_CHECK(refused([](append_batch& it) { it.entries[0].bytes.clear(); }));
    CAF_CHECK(refused([](append_batch& it) {
      it.next_sequence = 2;
      it.idempotency_key = "late";
    }));
    CAF_CHECK(to->commit({}).empty());
    CAF_CHECK(to->runs({})->runs.empty());
  }
}

CAF_TEST(two batches of one run in one commit follow each other) {
  both_journals journals;
  for (auto* to : journals.all()) {
    auto outcomes = to->commit({creation(*to, 1), addition(*to, 1, 2, 3),
                                addition(*to, 1, 2), addition(*to, 1, 5)});
    CAF_REQUIRE_EQUAL(outcomes.size(), 4u);
    CAF_CHECK(outcomes[0].code == errc::none);
    CAF_CHECK(outcomes[1].code == errc::none);
    CAF_CHECK(outcomes[2].code == errc::stale_append);
    CAF_CHECK(outcomes[3].code == errc::none);
    CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 5u);
  }
}

CAF_TEST(a summary alone can be replaced) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    auto batch = addition(*to, 1, 2, 0);
    batch.summary = summary_of(1);
    batch.summary->status = run_status::paused;
    CAF_CHECK(commit(*to, batch).code == errc::none);
    CAF_CHECK(to->summary(run_id(1))->status == run_status::paused);
    CAF_CHECK_EQUAL(value_of(to->summary(run_id(1))).last_sequence, 1u);
    // An append that says nothing is a success that changes nothing.
    CAF_CHECK(commit(*to, addition(*to, 1, 2, 0)).code == errc::none);
    CAF_CHECK(commit(*to, addition(*to, 1, 2)).code == errc::none);
  }
}

CAF_TEST(an idempotency key has one run) {
  both_journals journals;
  for (auto* to : journals.all()) {
    auto keyed
      = [to](unsigned n, const std::string& key, const std::string& digest) {
          auto batch = creation(*to, n);
          batch.idempotency_key = key;
          batch.request_digest = digest;
          return batch;
        };
    std::string long_key(10'000, 'k');
    auto outcomes
      = to->commit({keyed(1, "a", "one"), keyed(2, "a", "two"),
                    keyed(3, long_key, "three"), keyed(4, "b", "four")});
    CAF_REQUIRE_EQUAL(outcomes.size(), 4u);
    CAF_CHECK(outcomes[0].code == errc::none);
    CAF_CHECK(outcomes[1].code == errc::conflict);
    CAF_CHECK_EQUAL(outcomes[1].existing_run_id, run_id(1));
    CAF_CHECK_EQUAL(outcomes[1].existing_digest, "one");
    CAF_CHECK(outcomes[2].code == errc::none);
    CAF_CHECK(outcomes[3].code == errc::none);
    CAF_CHECK(!to->summary(run_id(2)));
    auto later = commit(*to, keyed(5, long_key, "five"));
    CAF_CHECK(later.code == errc::conflict);
    CAF_CHECK_EQUAL(later.existing_run_id, run_id(3));
    auto found = to->find_key("b");
    CAF_REQUIRE(found && found->has_value());
    CAF_CHECK_EQUAL((*found)->first, run_id(4));
    CAF_CHECK_EQUAL((*found)->second, "four");
    CAF_CHECK(!to->find_key("c")->has_value());
    CAF_CHECK(!to->find_key("")->has_value());
  }
  journals.reopen();
  for (auto* to : journals.all())
    CAF_CHECK_EQUAL(std::string{to->find_key("a")->value().first}, run_id(1));
}

CAF_TEST(definitions are kept once) {
  both_journals journals;
  std::string text(20'000, 't');
  for (auto* to : journals.all()) {
    CAF_CHECK(to->put_definition("0a", text));
    CAF_CHECK(to->put_definition("0a", "another text, same hash"));
    auto missing = to->definition("0b");
    CAF_REQUIRE(!missing);
    CAF_CHECK(missing.error().code == errc::storage_corrupt);
    CAF_CHECK(missing.error().message.find("0b") != std::string::npos);
  }
  journals.reopen();
  for (auto* to : journals.all())
    CAF_CHECK_EQUAL(value_of(to->definition("0a")), text);
}

CAF_TEST(large content is found again after reopening) {
  both_journals journals;
  perdure::runtime::json content = std::string(100'000, 'c');
  auto big = encode(perdure::runtime::output_rejected{at(1), content});
  for (auto* to : journals.all()) {
    auto batch = creation(*to, 1);
    batch.entries = {big, big, note("small"), big};
    CAF_REQUIRE(commit(*to, batch).code == errc::none);
  }
  journals.reopen();
  for (auto* to : journals.all()) {
    auto entries = to->read(run_id(1));
    CAF_REQUIRE(entries);
    CAF_REQUIRE_EQUAL(entries->size(), 4u);
    for (auto i : {0, 1, 3}) {
      auto* value
        = std::get_if<perdure::runtime::output_rejected>(&(*entries)[i].value);
      CAF_REQUIRE(value != nullptr);
      CAF_CHECK(value->content == content);
    }
  }
}

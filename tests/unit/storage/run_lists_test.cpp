#define CAF_SUITE storage.run_lists

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

namespace {

/// What a journal should answer, by looking at every run.
class model {
public:
  std::map<std::string, run_summary> all;

  std::vector<run_summary> list(const run_query& query) const {
    std::vector<run_summary> found;
    for (auto& [id, run] : all) {
      auto tagged = std::find(run.tags.begin(), run.tags.end(), query.tag)
                    != run.tags.end();
      if ((!query.status || *query.status == run.status)
          && (query.agent.empty() || query.agent == run.agent)
          && (query.tag.empty() || tagged)
          && (!query.asks || run.open_questions > 0)
          && (!query.behind || run.handlers_behind)
          && (!query.since || run.created_at >= *query.since))
        found.push_back(run);
    }
    std::sort(found.begin(), found.end(), [](auto& left, auto& right) {
      return std::tie(left.created_at, left.run_id)
             > std::tie(right.created_at, right.run_id);
    });
    return found;
  }

  std::vector<std::pair<timestamp, std::string>>
  wakeups(timestamp until) const {
    std::vector<std::pair<timestamp, std::string>> due;
    for (auto& [id, run] : all)
      if (run.wake_at && *run.wake_at <= until)
        due.emplace_back(*run.wake_at, id);
    std::sort(due.begin(), due.end());
    return due;
  }
};

class random_runs {
public:
  explicit random_runs(unsigned seed) : random_(seed) {
    // nop
  }

  unsigned pick(unsigned bound) {
    return static_cast<unsigned>(random_() % bound);
  }

  run_summary change(run_summary run) {
    run.status = static_cast<run_status>(1 + pick(9));
    run.status_since = at(pick(1'000));
    run.reason = pick(2) == 0 ? "" : "because";
    run.open_questions = pick(2);
    run.handlers_behind = pick(3) == 0;
    run.wake_at.reset();
    if (pick(3) == 0)
      run.wake_at = at(pick(50));
    if (pick(8) == 0)
      run.tags = tags();
    return run;
  }

  std::vector<std::string> tags() {
    // Duplicates, the empty one and one that is longer than any key.
    static const std::string names[]
      = {"red", "red", "blue", "", std::string(2'000, 't')};
    std::vector<std::string> some;
    for (auto count = pick(4); count > 0; --count)
      some.push_back(names[pick(5)]);
    return some;
  }

  std::string agent() {
    return std::string{"agent "} + static_cast<char>('a' + pick(3));
  }

  run_query query() {
    run_query query;
    if (pick(2) == 0)
      query.status = static_cast<run_status>(1 + pick(9));
    if (pick(2) == 0)
      query.agent = agent();
    if (pick(3) == 0)
      query.tag = pick(2) == 0 ? "red" : std::string(2'000, 't');
    if (pick(3) == 0)
      query.since = at(pick(60));
    query.asks = pick(4) == 0;
    query.behind = pick(4) == 0;
    query.limit = pick(9);
    return query;
  }

private:
  std::mt19937 random_;
};

/// All pages of a query, put together.
std::vector<run_summary> pages_of(const journal& from, run_query query) {
  std::vector<run_summary> found;
  do {
    auto page = from.runs(query);
    if (!page)
      CAF_FAIL(page.error().message);
    CAF_CHECK(page->runs.size() <= std::max<std::size_t>(query.limit, 1));
    CAF_CHECK(page->cursor.empty() || !page->runs.empty());
    found.insert(found.end(), page->runs.begin(), page->runs.end());
    query.cursor = page->cursor;
  } while (!query.cursor.empty());
  return found;
}

void compare(const journal& got, const model& expected, random_runs& random) {
  for (int i = 0; i < 3; ++i) {
    auto query = random.query();
    auto list = expected.list(query);
    CAF_CHECK(pages_of(got, query) == list);
    if (!list.empty() && list.size() == std::max<std::size_t>(query.limit, 1))
      CAF_CHECK(got.runs(query)->cursor.empty());
  }
  for (auto& [status, count] : value_of(got.count_by_status())) {
    run_query query;
    query.status = status;
    CAF_CHECK_EQUAL(count, expected.list(query).size());
  }
  auto until = at(random.pick(60));
  auto due = expected.wakeups(until);
  CAF_CHECK(value_of(got.wakeups(until, SIZE_MAX)) == due);
  due.resize(std::min<std::size_t>(due.size(), 3));
  CAF_CHECK(value_of(got.wakeups(until, 3)) == due);
  auto all = expected.wakeups(timestamp::max());
  auto next = got.next_wakeup();
  CAF_REQUIRE(next);
  CAF_CHECK_EQUAL(next->has_value(), !all.empty());
  if (next->has_value() && !all.empty())
    CAF_CHECK(**next == all.front().first);
}

} // namespace

// Goal: lists, filters, cursors, counts and wake-ups agree with a naive model.
// Method: seeded random creations and changes, also across reopening.
CAF_TEST(lists agree with a naive model) {
  auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  random_runs random{seed};
  both_journals journals;
  model expected;
  unsigned made = 0;
  for (int round = 0; round < 150; ++round) {
    std::map<std::string, run_summary> changed;
    for (auto count = random.pick(6); count > 0; --count) {
      auto is_new = made == 0 || random.pick(2) == 0;
      auto n = is_new ? made++ : random.pick(made);
      if (changed.count(run_id(n)) > 0)
        continue;
      auto run = is_new ? summary_of(n) : expected.all.at(run_id(n));
      if (is_new) {
        run.created_at = at(random.pick(60));
        run.agent = random.agent();
        run.tags = random.tags();
      }
      run = random.change(run);
      run.last_sequence += 1;
      changed[run.run_id] = run;
    }
    for (auto* to : journals.all()) {
      std::vector<append_batch> batches;
      for (auto& [id, run] : changed) {
        auto batch = creation(*to, 0);
        batch.run_id = id;
        batch.next_sequence = run.last_sequence;
        batch.summary = run;
        batches.push_back(std::move(batch));
      }
      for (auto& outcome : to->commit(batches))
        CAF_CHECK(outcome.code == errc::none);
    }
    for (auto& [id, run] : changed)
      expected.all[id] = run;
    if (random.pick(25) == 0)
      journals.reopen();
    for (auto* to : journals.all())
      compare(*to, expected, random);
  }
  CAF_CHECK_GREATER(expected.all.size(), 50u);
}

CAF_TEST(a cursor stays right while runs are added) {
  both_journals journals;
  for (auto* to : journals.all()) {
    for (unsigned n = 10; n < 20; ++n)
      CAF_REQUIRE(commit(*to, creation(*to, n)).code == errc::none);
    run_query query;
    query.limit = 4;
    auto first = to->runs(query);
    CAF_REQUIRE(first);
    CAF_REQUIRE_EQUAL(first->runs.size(), 4u);
    CAF_CHECK_EQUAL(first->runs[0].run_id, run_id(19));
    CAF_CHECK_EQUAL(first->runs[3].run_id, run_id(16));
    for (unsigned n = 20; n < 30; ++n)
      CAF_REQUIRE(commit(*to, creation(*to, n)).code == errc::none);
    query.cursor = first->cursor;
    auto second = to->runs(query);
    CAF_REQUIRE(second);
    CAF_REQUIRE_EQUAL(second->runs.size(), 4u);
    CAF_CHECK_EQUAL(second->runs[0].run_id, run_id(15));
    query.cursor = second->cursor;
    auto third = to->runs(query);
    CAF_REQUIRE(third);
    CAF_REQUIRE_EQUAL(third->runs.size(), 2u);
    CAF_CHECK(third->cursor.empty());
    query.cursor = "not a cursor";
    auto refused = to->runs(query);
    CAF_REQUIRE(!refused);
    CAF_CHECK(refused.error().code == errc::invalid_argument);
  }
}

CAF_TEST(pages are bounded) {
  both_journals journals;
  for (auto* to : journals.all()) {
    std::vector<append_batch> batches;
    for (unsigned n = 0; n < 1'200; ++n)
      batches.push_back(creation(*to, n));
    for (auto& outcome : to->commit(batches))
      CAF_CHECK(outcome.code == errc::none);
    run_query query;
    query.limit = SIZE_MAX;
    CAF_CHECK_EQUAL(to->runs(query)->runs.size(), 1'000u);
    query.limit = 0;
    CAF_CHECK_EQUAL(to->runs(query)->runs.size(), 1u);
  }
}

CAF_TEST(an empty journal answers) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_CHECK(to->runs({})->runs.empty());
    CAF_CHECK(to->wakeups(timestamp::max(), 10)->empty());
    CAF_CHECK(!to->next_wakeup()->has_value());
    CAF_REQUIRE_EQUAL(to->count_by_status()->size(), 9u);
    for (auto& [status, count] : value_of(to->count_by_status()))
      CAF_CHECK_EQUAL(count, 0u);
  }
}

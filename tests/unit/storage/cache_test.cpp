#define CAF_SUITE storage.cache

#include "storage/record.hpp"
#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

namespace {

cache_put
put(const std::string& key, std::int64_t stored_at,
    std::optional<std::int64_t> expires_at = {}, std::size_t entry = 0) {
  cache_put out{key, entry, at(stored_at), {}};
  if (expires_at)
    out.expires_at = at(*expires_at);
  return out;
}

/// Appends one entry that the puts refer to. @returns its sequence
std::uint64_t keep(journal& to, unsigned run, std::vector<cache_put> puts) {
  const auto next = value_of(to.summary(run_id(run))).last_sequence + 1;
  auto batch = addition(to, run, next);
  batch.cache = std::move(puts);
  CAF_REQUIRE(commit(to, std::move(batch)).code == errc::none);
  return next;
}

bool holds(const journal& in, const std::string& key) {
  return value_of(in.find_cached(key)).has_value();
}

std::uint64_t sequence_of(const journal& in, const std::string& key) {
  return value_of(in.find_cached(key)).value().sequence;
}

} // namespace

CAF_TEST(an outcome is found by its key and survives a restart) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    auto batch = addition(*to, 1, 2, 3);
    batch.cache = {put("a", 10, 20, 0), put("b", 11, {}, 2)};
    CAF_REQUIRE(commit(*to, batch).code == errc::none);
  }
  journals.reopen();
  for (auto* to : journals.all()) {
    const auto a = value_of(to->find_cached("a"));
    CAF_REQUIRE(a.has_value());
    CAF_CHECK(*a == (cache_ref{run_id(1), 2, at(10), at(20)}));
    const auto b = value_of(to->find_cached("b"));
    CAF_REQUIRE(b.has_value());
    CAF_CHECK(*b == (cache_ref{run_id(1), 4, at(11), {}}));
    CAF_CHECK(!holds(*to, "c"));
    CAF_CHECK(!holds(*to, ""));
  }
}

CAF_TEST(an append that is refused stores nothing) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    auto stale = addition(*to, 1, 7);
    stale.cache = {put("a", 10)};
    CAF_CHECK(commit(*to, stale).code == errc::stale_append);
    for (const auto& wrong :
         {put("", 10), put(std::string(257, 'k'), 10), put("a", 10, {}, 1)}) {
      auto batch = addition(*to, 1, 2);
      batch.cache = {wrong};
      CAF_CHECK(commit(*to, batch).code == errc::invalid_argument);
    }
    CAF_CHECK(!holds(*to, "a"));
    const std::string longest(256, 'k');
    keep(*to, 1, {put(longest, 10)});
    CAF_CHECK(holds(*to, longest));
  }
}

CAF_TEST(the last put under a key counts and so does its end) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    keep(*to, 1, {put("a", 10, 20)});
    const auto second = keep(*to, 1, {put("a", 30, 90)});
    CAF_CHECK_EQUAL(sequence_of(*to, "a"), second);
    // The end that it no longer has does not remove it.
    keep(*to, 1, {put("b", 50)});
    CAF_CHECK(holds(*to, "a"));
    const auto third = keep(*to, 1, {put("a", 60)});
    keep(*to, 1, {put("c", 1'000)});
    CAF_CHECK_EQUAL(sequence_of(*to, "a"), third);
  }
}

CAF_TEST(expired outcomes go a few at a time) {
  both_journals journals;
  for (auto* to : journals.all()) {
    CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
    const auto count = 2 * cache_sweep_max + 1;
    const auto name = [](std::size_t n) { return "k" + std::to_string(n); };
    for (std::size_t n = 0; n < count; ++n)
      keep(*to, 1, {put(name(n), 10, 20 + static_cast<std::int64_t>(n))});
    const auto left = [&] {
      std::size_t found = 0;
      for (std::size_t n = 0; n < count; ++n)
        found += holds(*to, name(n)) ? 1 : 0;
      return found;
    };
    CAF_CHECK_EQUAL(left(), count);
    keep(*to, 1, {put("now", 19)});
    CAF_CHECK_EQUAL(left(), count);
    keep(*to, 1, {put("now", 21)});
    CAF_CHECK_EQUAL(left(), count - 2);
    keep(*to, 1, {put("now", 1'000)});
    CAF_CHECK_EQUAL(left(), count - 2 - cache_sweep_max);
    keep(*to, 1, {put("now", 1'000)});
    CAF_CHECK_EQUAL(left(), 0u);
    CAF_CHECK(holds(*to, "now"));
  }
}

#include "storage/lmdb/run_index.hpp"

#include "storage/lmdb/lookups.hpp"

#include <algorithm>
#include <compare>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;

namespace {

struct posting {
  std::string term;
  time_key when;

  friend auto operator<=>(const posting&, const posting&) = default;
};

constexpr std::string_view all_term = "*";
constexpr std::string_view wake_term = "w";
constexpr std::string_view asks_term = "q";
constexpr std::string_view behind_term = "h";

std::string status_term(run_status status) {
  return {'s', static_cast<char>(status)};
}

/// Names have any length and keys do not: two names that share a term are told
/// apart by the summary.
std::string name_term(char kind, std::string_view name) {
  return kind + hash_of(name).substr(0, 16);
}

/// Sorted, without duplicates.
std::vector<posting> postings_of(const run_key& run, const run_summary& value) {
  std::vector<posting> postings;
  auto created = make_time_key(value.created_at, run);
  postings.push_back({std::string{all_term}, created});
  postings.push_back({status_term(value.status), created});
  postings.push_back({name_term('a', value.agent), created});
  for (auto& tag : value.tags)
    postings.push_back({name_term('t', tag), created});
  if (value.open_questions > 0)
    postings.push_back({std::string{asks_term}, created});
  if (value.handlers_behind)
    postings.push_back({std::string{behind_term}, created});
  if (value.wake_at)
    postings.push_back(
      {std::string{wake_term}, make_time_key(*value.wake_at, run)});
  std::sort(postings.begin(), postings.end());
  postings.erase(std::unique(postings.begin(), postings.end()), postings.end());
  return postings;
}

/// Walks the runs of one term.
class term_cursor {
public:
  static result<term_cursor> open(const transaction& txn, std::string term) {
    MDB_cursor* cursor = nullptr;
    if (auto code = mdb_cursor_open(txn.handle, txn.in->index, &cursor);
        code != 0)
      return lmdb_failure(code, "opening an index");
    term_cursor self{cursor_ptr{cursor}, std::move(term)};
    if (auto code = self.go(MDB_SET); code != 0 && code != MDB_NOTFOUND)
      return lmdb_failure(code, "looking into an index");
    return self;
  }

  /// Number of runs under the term.
  result<std::uint64_t> count() {
    if (auto code = go(MDB_SET); code != 0)
      return code == MDB_NOTFOUND ? result<std::uint64_t>{0}
                                  : lmdb_failure(code, "counting runs");
    std::size_t size = 0;
    if (auto code = mdb_cursor_count(cursor_.get(), &size); code != 0)
      return lmdb_failure(code, "counting runs");
    return std::uint64_t{size};
  }

  /// To the earliest run. @returns an LMDB code
  int to_first() {
    return go(MDB_SET);
  }

  int to_next() {
    return go(MDB_NEXT_DUP);
  }

  /// To the latest run, or to the latest one before `bound`.
  int to_last(const std::optional<time_key>& bound) {
    if (bound) {
      value_ = to_val(view(*bound));
      if (auto code = go(MDB_GET_BOTH_RANGE); code != MDB_NOTFOUND)
        return code == 0 ? to_previous() : code;
    }
    auto code = go(MDB_SET);
    return code == 0 ? go(MDB_LAST_DUP) : code;
  }

  int to_previous() {
    return go(MDB_PREV_DUP);
  }

  /// The time key that the cursor stands on, or nothing when it is malformed.
  [[nodiscard]] std::optional<time_key> here() const {
    time_key key;
    if (value_.mv_size != key.size())
      return std::nullopt;
    view(value_).copy(key.data(), key.size());
    return key;
  }

private:
  term_cursor(cursor_ptr cursor, std::string term)
    : cursor_(std::move(cursor)), term_(std::move(term)) {
    // nop
  }

  int go(MDB_cursor_op how) {
    auto key = to_val(term_);
    return mdb_cursor_get(cursor_.get(), &key, &value_, how);
  }

  cursor_ptr cursor_;
  std::string term_;
  MDB_val value_{};
};

/// Opens the term of `query` that has the fewest runs.
result<term_cursor>
most_selective(const transaction& txn, const run_query& query) {
  std::vector<std::string> terms;
  if (query.status)
    terms.push_back(status_term(*query.status));
  if (!query.agent.empty())
    terms.push_back(name_term('a', query.agent));
  if (!query.tag.empty())
    terms.push_back(name_term('t', query.tag));
  if (query.asks)
    terms.emplace_back(asks_term);
  if (query.behind)
    terms.emplace_back(behind_term);
  if (terms.empty())
    return term_cursor::open(txn, std::string{all_term});
  std::optional<term_cursor> best;
  std::uint64_t least = 0;
  for (auto& term : terms) {
    auto cursor = term_cursor::open(txn, std::move(term));
    if (!cursor)
      return cursor;
    auto count = cursor->count();
    if (!count)
      return count.error();
    if (!best || *count < least) {
      best.emplace(std::move(*cursor));
      least = *count;
    }
  }
  return std::move(*best);
}

failure dangling(const run_key& run) {
  return damaged_run(run_id_of(view(run)),
                     "an index names it, but its summary is missing");
}

failure malformed() {
  return {errc::storage_corrupt, "journal: an index has a malformed value"};
}

} // namespace

int update_index(const transaction& txn, const run_key& run,
                 const run_summary* before, const run_summary& after) {
  std::vector<posting> old;
  if (before != nullptr)
    old = postings_of(run, *before);
  auto now = postings_of(run, after);
  for (auto& posting : old) {
    if (std::binary_search(now.begin(), now.end(), posting))
      continue;
    auto key = to_val(posting.term);
    auto value = to_val(view(posting.when));
    auto code = mdb_del(txn.handle, txn.in->index, &key, &value);
    if (code != 0 && code != MDB_NOTFOUND)
      return code;
  }
  for (auto& posting : now) {
    if (std::binary_search(old.begin(), old.end(), posting))
      continue;
    auto key = to_val(posting.term);
    auto value = to_val(view(posting.when));
    auto code = mdb_put(txn.handle, txn.in->index, &key, &value, MDB_NODUPDATA);
    if (code != 0 && code != MDB_KEYEXIST)
      return code;
  }
  return 0;
}

result<run_page> query_index(const transaction& txn, const run_query& query) {
  std::optional<time_key> bound;
  if (!query.cursor.empty()) {
    bound = time_key_of(query.cursor);
    if (!bound)
      return failure{errc::invalid_argument,
                     "cursor is malformed; take it from the page before"};
  }
  auto cursor = most_selective(txn, query);
  if (!cursor)
    return cursor.error();
  run_page page;
  auto limit = page_size(query);
  auto code = cursor->to_last(bound);
  for (; code == 0; code = cursor->to_previous()) {
    auto here = cursor->here();
    if (!here)
      return malformed();
    if (query.since && time_of(view(*here)) < *query.since)
      return page;
    auto run = run_of(view(*here));
    auto summary = find_summary(txn, run);
    if (!summary)
      return summary.error();
    if (!*summary)
      return dangling(run);
    if (!matches(query, **summary))
      continue;
    if (page.runs.size() == limit) {
      page.cursor = cursor_of(*bound);
      return page;
    }
    auto last = last_sequence(txn, run);
    if (!last)
      return last.error();
    (*summary)->last_sequence = *last;
    page.runs.push_back(std::move(**summary));
    bound = here;
  }
  if (code != MDB_NOTFOUND)
    return lmdb_failure(code, "reading an index");
  return page;
}

result<std::vector<std::pair<run_status, std::uint64_t>>>
count_index(const transaction& txn) {
  std::vector<std::pair<run_status, std::uint64_t>> counts;
  for (auto number = static_cast<int>(run_status::scheduled);
       number <= static_cast<int>(run_status::cancelled); ++number) {
    auto status = static_cast<run_status>(number);
    auto cursor = term_cursor::open(txn, status_term(status));
    if (!cursor)
      return cursor.error();
    auto count = cursor->count();
    if (!count)
      return count.error();
    counts.emplace_back(status, *count);
  }
  return counts;
}

result<std::vector<std::pair<timestamp, std::string>>>
wakeups_of_index(const transaction& txn, timestamp until, std::size_t limit) {
  std::vector<std::pair<timestamp, std::string>> wakeups;
  auto cursor = term_cursor::open(txn, std::string{wake_term});
  if (!cursor)
    return cursor.error();
  auto code = cursor->to_first();
  for (; code == 0 && wakeups.size() < limit; code = cursor->to_next()) {
    auto here = cursor->here();
    if (!here)
      return malformed();
    auto time = time_of(view(*here));
    if (time > until)
      return wakeups;
    wakeups.emplace_back(time, run_id_of(view(run_of(view(*here)))));
  }
  if (code != 0 && code != MDB_NOTFOUND)
    return lmdb_failure(code, "reading the wake-up times");
  return wakeups;
}

} // namespace perdure::storage

#pragma once

#include "runtime/flow/entry.hpp"
#include "runtime/flow/run_status.hpp"
#include "runtime/result.hpp"
#include "storage/entry_codec.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace perdure::storage {

using runtime::result;
using runtime::timestamp;

using runtime::is_final;
using runtime::run_status;

/// What lists and indexes know of a run. Derived from its entries; stored so
/// that a list need not fold them.
struct run_summary {
  /// UUID text, 36 characters.
  std::string run_id;
  std::string agent;
  std::string definition_hash;
  run_status status = run_status::running;
  /// Why it waits or how it failed; empty otherwise.
  std::string reason;
  timestamp created_at{};
  /// When `status` became what it is.
  timestamp status_since{};
  /// Earliest moment at which a run that is not live must go on.
  std::optional<timestamp> wake_at;
  std::vector<std::string> tags;
  /// Questions that nobody has answered yet.
  std::uint32_t open_questions = 0;
  /// It has ended or waits, and event handlers have yet to be told of
  /// something.
  bool handlers_behind = false;
  /// Sequence of the last entry; set by the journal.
  std::uint64_t last_sequence = 0;

  friend bool operator==(const run_summary&, const run_summary&) = default;
};

/// Makes an entry of an append findable by the key of what it is the outcome
/// of.
struct cache_put {
  /// Any text of 1 to 256 bytes.
  std::string key;
  /// Position in `append_batch::entries`.
  std::size_t entry = 0;
  timestamp stored_at{};
  std::optional<timestamp> expires_at;
};

/// Where an outcome is that can be used again.
struct cache_ref {
  std::string run_id;
  std::uint64_t sequence = 0;
  timestamp stored_at{};
  std::optional<timestamp> expires_at;

  friend bool operator==(const cache_ref&, const cache_ref&) = default;
};

/// An append to one run: all of it becomes durable, or none.
struct append_batch {
  std::string run_id;
  /// Fencing number of the writer (D6).
  std::uint64_t epoch = 0;
  /// Sequence that the first entry will get. 1 creates the run.
  std::uint64_t next_sequence = 1;
  std::vector<encoded_entry> entries;
  /// New summary; absent when nothing in it has changed.
  std::optional<run_summary> summary;
  /// Set with sequence 1 only: the key, and a digest of what was asked for.
  std::string idempotency_key;
  std::string request_digest;
  /// A key that is there already refers to the new entry from then on. Each put
  /// also removes a few others that had expired when it was stored.
  std::vector<cache_put> cache;
};

/// What became of one batch. `code` is errc::none when it is durable.
struct append_outcome {
  runtime::errc code = runtime::errc::none;
  std::string message;
  /// Set when the idempotency key was taken: nothing was appended, and this is
  /// the run that holds it, with the digest it was made with.
  std::string existing_run_id;
  std::string existing_digest;
};

struct run_query {
  std::optional<run_status> status;
  std::string agent;
  std::string tag;
  /// Only runs with open questions.
  bool asks = false;
  /// Only runs whose event handlers are behind.
  bool behind = false;
  /// Created at or after.
  std::optional<timestamp> since;
  std::size_t limit = 50;
  /// Of the previous page; empty for the first.
  std::string cursor;
};

/// Newest first. `cursor` is empty on the last page.
struct run_page {
  std::vector<run_summary> runs;
  std::string cursor;
};

struct stored_entry {
  std::uint64_t sequence = 0;
  runtime::entry value;
};

/// The durable, ordered record of every run.
///
/// Units:   sequences count from 1 without gaps; limits are counts
/// Errors:  errc::storage_full (nothing was written, reads go on, a later
///          append may succeed), errc::storage_corrupt (names run, sequence and
///          reason), errc::stale_append, errc::storage_io
/// Threads: `commit` has one caller at a time; the rest may be called from any
///          thread at any time. Every call takes at most one transaction, and
///          no call keeps one open after it returned.
/// Source:  docs/decisions/0002-journal-layout.md
class journal {
public:
  virtual ~journal() = default;

  /// Fencing number of this owner; larger than that of any owner before.
  [[nodiscard]] virtual std::uint64_t epoch() const noexcept = 0;

  /// Appends all batches in one durable transaction and returns one outcome
  /// per batch, in order. A refused batch does not harm the others; a failure
  /// of the store refuses all with the same code. A store may keep room that
  /// only runs that exist may use: it then refuses with errc::storage_full
  /// those batches that create one.
  [[nodiscard]] virtual std::vector<append_outcome>
  commit(const std::vector<append_batch>& batches) = 0;

  /// Whether a small run that is created now would find room. Asks the disk;
  /// not for every append.
  /// Errors: errc::storage_full with what is full, errc::storage_io.
  [[nodiscard]] virtual result<runtime::unit> check_room() = 0;

  /// Entries of a run from sequence `from`, at most `limit`.
  /// Errors: errc::run_not_found, errc::storage_corrupt.
  [[nodiscard]] virtual result<std::vector<stored_entry>>
  read(const std::string& run_id, std::uint64_t from = 1,
       std::size_t limit = SIZE_MAX) const = 0;

  /// Errors: errc::run_not_found.
  [[nodiscard]] virtual result<run_summary>
  summary(const std::string& run_id) const = 0;

  /// Errors: errc::invalid_argument for a cursor that is not ours.
  [[nodiscard]] virtual result<run_page> runs(const run_query& query) const = 0;

  /// Number of runs per status.
  [[nodiscard]] virtual result<
    std::vector<std::pair<run_status, std::uint64_t>>>
  count_by_status() const = 0;

  /// Runs whose `wake_at` is not after `until`, earliest first.
  [[nodiscard]] virtual result<std::vector<std::pair<timestamp, std::string>>>
  wakeups(timestamp until, std::size_t limit) const = 0;

  /// The earliest `wake_at` of all.
  [[nodiscard]] virtual result<std::optional<timestamp>>
  next_wakeup() const = 0;

  /// The run that holds an idempotency key, and its request digest.
  [[nodiscard]] virtual result<
    std::optional<std::pair<std::string, std::string>>>
  find_key(const std::string& idempotency_key) const = 0;

  /// What was stored last under a key of the cache, expired or not: that may
  /// have been removed.
  [[nodiscard]] virtual result<std::optional<cache_ref>>
  find_cached(const std::string& key) const = 0;

  /// Stores a definition's text under its hash; does nothing when it is there.
  [[nodiscard]] virtual result<runtime::unit>
  put_definition(const std::string& hash_hex, const std::string& text) = 0;

  /// Errors: errc::storage_corrupt when missing or damaged.
  [[nodiscard]] virtual result<std::string>
  definition(const std::string& hash_hex) const = 0;
};

} // namespace perdure::storage

#pragma once

#include "storage/journal.hpp"
#include "storage/lmdb/lmdb_journal.hpp"
#include "storage/memory/memory_journal.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace perdure::storage::test {

/// A directory that goes away with its owner.
class scratch_directory {
public:
  scratch_directory() {
    auto name
      = (std::filesystem::temp_directory_path() / "perdure-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      std::abort();
    path_ = name;
  }

  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const noexcept {
    return path_;
  }

private:
  std::filesystem::path path_;
};

/// The value of `got`, by value: a macro or a loop may outlive a temporary.
template <class T>
T value_of(result<T> got) {
  if (!got)
    CAF_FAIL(got.error().message);
  return std::move(*got);
}

inline timestamp at(std::int64_t seconds) {
  return timestamp{std::chrono::seconds{seconds}};
}

/// The n-th run id; ids do not sort by n.
inline std::string run_id(unsigned n) {
  auto text = std::to_string(n);
  auto digits = std::string(8 - text.size(), '0') + text;
  return std::string{digits.rbegin(), digits.rend()}
         + "-0000-4000-8000-00000000beef";
}

inline encoded_entry note(const std::string& reason) {
  return encode(runtime::cancel_requested{at(1), reason});
}

inline run_summary summary_of(unsigned n) {
  run_summary summary;
  summary.run_id = run_id(n);
  summary.agent = "clerk";
  summary.definition_hash = std::string(64, 'd');
  summary.created_at = at(n);
  summary.status_since = at(n);
  return summary;
}

/// The append that creates the n-th run with one entry.
inline append_batch creation(const journal& to, unsigned n) {
  append_batch batch;
  batch.run_id = run_id(n);
  batch.epoch = to.epoch();
  batch.entries = {note("created")};
  batch.summary = summary_of(n);
  return batch;
}

/// The append of `count` entries to the n-th run.
inline append_batch
addition(const journal& to, unsigned n, std::uint64_t next_sequence,
         std::size_t count = 1) {
  append_batch batch;
  batch.run_id = run_id(n);
  batch.epoch = to.epoch();
  batch.next_sequence = next_sequence;
  for (std::size_t i = 0; i < count; ++i)
    batch.entries.push_back(note("entry " + std::to_string(next_sequence + i)));
  return batch;
}

/// Commits one batch.
inline append_outcome commit(journal& to, append_batch batch) {
  auto outcomes = to.commit({std::move(batch)});
  return outcomes.size() == 1 ? outcomes.front() : append_outcome{};
}

inline std::string reason_of(const stored_entry& entry) {
  auto* value = std::get_if<runtime::cancel_requested>(&entry.value);
  return value != nullptr ? value->reason : "another kind of entry";
}

/// Both implementations, so that each rule is tested on each.
class both_journals {
public:
  both_journals() {
    reopen();
  }

  /// Closes the journals and opens them again on what they left.
  void reopen() {
    lmdb.reset();
    lmdb_options options;
    options.directory = directory.path();
    options.sync = false;
    options.tail_entries_max = 5; // so that entries move in small tests too
    auto opened = open_lmdb_journal(options);
    if (!opened)
      std::abort();
    lmdb = std::move(*opened);
    memory = make_memory_journal(disk);
  }

  std::vector<journal*> all() {
    return {lmdb.get(), memory.get()};
  }

  scratch_directory directory;
  std::shared_ptr<memory_disk> disk = std::make_shared<memory_disk>();
  std::unique_ptr<journal> lmdb;
  std::unique_ptr<journal> memory;
};

} // namespace perdure::storage::test

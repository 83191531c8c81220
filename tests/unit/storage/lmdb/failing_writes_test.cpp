#define CAF_SUITE storage.lmdb_failing_writes

#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <limits>
#include <sys/uio.h>
#include <unistd.h>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

// LMDB finds the functions below before those of the C library. Each of them is
// one step of a commit, and fails when it is its turn to.
namespace {

struct fault {
  /// Steps that still succeed.
  std::atomic<int> steps_left = std::numeric_limits<int>::max();
  /// Steps that fail after them; the rest succeeds again.
  std::atomic<int> failures_left = 0;
  std::atomic<int> code = 0;
};

fault current;

/// Whether this step fails, with `errno` set.
bool fails() {
  if (current.steps_left.fetch_sub(1) > 0)
    return false;
  if (current.failures_left.fetch_sub(1) <= 0)
    return false;
  errno = current.code;
  return true;
}

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

void arm(int steps, int failures, int code) {
  current.code = code;
  current.failures_left = failures;
  current.steps_left = steps;
}

void disarm() {
  arm(std::numeric_limits<int>::max(), 0, 0);
}

} // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static auto* next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return fails() ? -1 : next(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  static auto* next
    = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return fails() ? -1 : next(file, bytes, size, at);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  static auto* next = real<ssize_t(int, const struct iovec*, int)>("writev");
  return fails() ? -1 : next(file, parts, count);
}

int fdatasync(int file) {
  static auto* next = real<int(int)>("fdatasync");
  return fails() ? -1 : next(file);
}
}

namespace {

/// A batch of several pages, with a blob, a summary and a key.
append_batch wide_creation(const journal& to, unsigned n) {
  auto batch = creation(to, n);
  batch.idempotency_key = "key of " + run_id(n);
  batch.summary->wake_at = at(n);
  batch.entries.push_back(
    encode(perdure::runtime::output_rejected{at(1), std::string(9'000, 'b')}));
  for (int i = 0; i < 40; ++i)
    batch.entries.push_back(note(std::string(300, 'n')));
  return batch;
}

/// The journal holds runs 1 to `count`, whole, and nothing else.
void check_holds(const journal& from, unsigned count) {
  run_query all;
  all.limit = 1'000;
  auto page = value_of(from.runs(all));
  CAF_CHECK_EQUAL(page.runs.size(), count);
  CAF_CHECK_EQUAL(value_of(from.wakeups(timestamp::max(), 1'000)).size(),
                  count);
  for (unsigned n = 1; n <= count; ++n)
    CAF_CHECK_EQUAL(value_of(from.read(run_id(n))).size(), 42u);
  CAF_CHECK(!from.summary(run_id(count + 1)));
  CAF_CHECK(!from.find_key("key of " + run_id(count + 1))->has_value());
}

/// Fails each step of a commit in turn, `failures` times in a row.
void fail_each_step(int failures, int code, errc expected) {
  scratch_directory scratch;
  lmdb_options options;
  options.directory = scratch.path();
  auto to = value_of(open_lmdb_journal(options));
  unsigned made = 0;
  int refused = 0;
  for (int step = 0; step < 200; ++step) {
    arm(step, failures, code);
    auto outcome = commit(*to, wide_creation(*to, made + 1));
    auto unused = current.failures_left.load() == failures;
    disarm();
    if (outcome.code == errc::none) {
      ++made;
    } else {
      CAF_CHECK(outcome.code == expected);
      ++refused;
    }
    check_holds(*to, made);
    // What was refused can be appended as soon as the disk works again.
    CAF_CHECK(commit(*to, wide_creation(*to, made + 1)).code == errc::none);
    ++made;
    check_holds(*to, made);
    if (unused)
      break;
  }
  // Pages, their sync and the page that makes them valid.
  CAF_CHECK_GREATER(refused, 2);
  to.reset();
  auto again = value_of(open_lmdb_journal(options));
  check_holds(*again, made);
}

} // namespace

CAF_TEST(any step of a commit may find the disk full) {
  fail_each_step(1, ENOSPC, errc::storage_full);
}

CAF_TEST(the disk may stay full from any step on) {
  fail_each_step(1'000, ENOSPC, errc::storage_full);
}

CAF_TEST(a quota is a full disk) {
  fail_each_step(1'000, EDQUOT, errc::storage_full);
}

CAF_TEST(any step of a commit may fail) {
  fail_each_step(1, EIO, errc::storage_io);
}

CAF_TEST(all steps may fail from any step on) {
  fail_each_step(1'000, EIO, errc::storage_io);
}

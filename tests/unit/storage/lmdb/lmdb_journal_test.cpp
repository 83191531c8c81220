#define CAF_SUITE storage.lmdb_journal

#include "storage/lmdb/lmdb_journal.hpp"
#include "storage/record.hpp"
#include "unit/storage/journal_support.hpp"

#include <caf/test/unit_test.hpp>
#include <lmdb.h>

#include <atomic>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace perdure::storage;
using namespace perdure::storage::test;
using perdure::runtime::errc;

namespace {

lmdb_options options_for(const std::filesystem::path& directory) {
  lmdb_options options;
  options.directory = directory;
  options.sync = false;
  return options;
}

/// Every place in the store's file that holds `bytes`: pages are copied when
/// they change, so that there may be more than one.
std::vector<std::size_t>
places_of(const std::filesystem::path& directory, const std::string& bytes) {
  std::ifstream in{directory / "data.mdb", std::ios::binary};
  std::string content{std::istreambuf_iterator<char>{in}, {}};
  std::vector<std::size_t> places;
  for (auto at = content.find(bytes); at != std::string::npos;
       at = content.find(bytes, at + 1))
    places.push_back(at);
  return places;
}

/// Inverts bits of one byte of the store's file.
void flip(const std::filesystem::path& directory, std::size_t place) {
  std::fstream file{directory / "data.mdb",
                    std::ios::binary | std::ios::in | std::ios::out};
  file.seekg(static_cast<std::streamoff>(place));
  auto byte = static_cast<char>(file.get() ^ 0x24);
  file.seekp(static_cast<std::streamoff>(place));
  file.put(byte);
}

/// Replaces a value of one table while no journal is open; an empty value
/// removes the key.
void put_raw(const std::filesystem::path& directory, const char* table,
             std::string key, std::string value) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  MDB_val name{key.size(), key.data()};
  MDB_val data{value.size(), value.data()};
  CAF_REQUIRE_EQUAL(mdb_env_create(&env), 0);
  CAF_REQUIRE_EQUAL(mdb_env_set_maxdbs(env, 16), 0);
  CAF_REQUIRE_EQUAL(mdb_env_open(env, directory.c_str(), 0, 0600), 0);
  CAF_REQUIRE_EQUAL(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  CAF_REQUIRE_EQUAL(mdb_dbi_open(txn, table, 0, &dbi), 0);
  auto code = value.empty() ? mdb_del(txn, dbi, &name, nullptr)
                            : mdb_put(txn, dbi, &name, &data, 0);
  CAF_REQUIRE_EQUAL(code, 0);
  CAF_REQUIRE_EQUAL(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

} // namespace

CAF_TEST(reopening keeps everything) {
  scratch_directory scratch;
  auto options = options_for(scratch.path() / "made" / "here");
  options.sync = true;
  {
    auto to = value_of(open_lmdb_journal(options));
    auto first = creation(*to, 1);
    first.idempotency_key = "key";
    first.request_digest = "digest";
    first.summary->tags = {"red"};
    first.summary->wake_at = at(9);
    CAF_REQUIRE(commit(*to, first).code == errc::none);
    CAF_REQUIRE(commit(*to, addition(*to, 1, 2, 500)).code == errc::none);
  }
  struct stat info {};
  CAF_REQUIRE_EQUAL(stat(options.directory.c_str(), &info), 0);
  CAF_CHECK_EQUAL(info.st_mode & 0777u, 0700u);
  auto to = value_of(open_lmdb_journal(options));
  CAF_CHECK_EQUAL(to->epoch(), 2u);
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 501u);
  CAF_CHECK_EQUAL(value_of(to->summary(run_id(1))).last_sequence, 501u);
  CAF_CHECK_EQUAL(std::string{to->find_key("key")->value().second}, "digest");
  run_query query;
  query.tag = "red";
  CAF_CHECK_EQUAL(to->runs(query)->runs.size(), 1u);
  CAF_CHECK(to->next_wakeup()->value() == at(9));
  CAF_CHECK(commit(*to, addition(*to, 1, 502)).code == errc::none);
}

CAF_TEST(a second owner of the directory is refused) {
  scratch_directory scratch;
  auto options = options_for(scratch.path());
  auto to = value_of(open_lmdb_journal(options));
  auto in_process = open_lmdb_journal(options);
  CAF_REQUIRE(!in_process);
  CAF_CHECK(in_process.error().code == errc::storage_locked);
  CAF_CHECK(in_process.error().message.find(std::to_string(getpid()))
            != std::string::npos);
  auto child = fork();
  CAF_REQUIRE(child >= 0);
  if (child == 0) {
    auto second = open_lmdb_journal(options);
    _exit(!second && second.error().code == errc::storage_locked ? 42 : 1);
  }
  int status = 0;
  CAF_REQUIRE_EQUAL(waitpid(child, &status, 0), child);
  CAF_CHECK(WIFEXITED(status));
  CAF_CHECK_EQUAL(WEXITSTATUS(status), 42);
  CAF_CHECK(commit(*to, creation(*to, 1)).code == errc::none);
  to.reset();
  CAF_CHECK(open_lmdb_journal(options));
}

// Goal: no changed byte of a stored entry goes unseen. Method: each byte of the
// record is changed on disk, under the open journal.
CAF_TEST(a changed byte of an entry is found and named) {
  scratch_directory scratch;
  auto to = value_of(open_lmdb_journal(options_for(scratch.path())));
  CAF_REQUIRE(commit(*to, creation(*to, 7)).code == errc::none);
  CAF_REQUIRE(commit(*to, addition(*to, 7, 2)).code == errc::none);
  auto batch = addition(*to, 7, 3);
  batch.entries = {note("an entry that is found by its text")};
  CAF_REQUIRE(commit(*to, batch).code == errc::none);
  auto key = make_entry_key(*run_key_of(run_id(7)), 3);
  auto record = seal(view(key), batch.entries[0].bytes);
  auto places = places_of(scratch.path(), record);
  CAF_REQUIRE(!places.empty());
  for (std::size_t offset = 0; offset < record.size(); ++offset) {
    for (auto place : places)
      flip(scratch.path(), place + offset);
    auto entries = to->read(run_id(7));
    CAF_REQUIRE(!entries);
    CAF_CHECK(entries.error().code == errc::storage_corrupt);
    CAF_CHECK_EQUAL(entries.error().message,
                    "run " + run_id(7) + ", sequence 3: checksum mismatch");
    CAF_CHECK_EQUAL(to->read(run_id(7), 1, 2)->size(), 2u);
    for (auto place : places)
      flip(scratch.path(), place + offset);
  }
  CAF_CHECK_EQUAL(to->read(run_id(7))->size(), 3u);
}

CAF_TEST(damage beside the entries is found and named) {
  scratch_directory scratch;
  auto options = options_for(scratch.path());
  options.tail_entries_max = 0; // entries by name, to damage each on its own
  perdure::runtime::json content = std::string(50'000, 'c');
  auto big = encode(perdure::runtime::output_rejected{at(1), content});
  auto run = std::string{view(*run_key_of(run_id(1)))};
  auto entry = [](std::uint64_t sequence) {
    auto key = make_entry_key(*run_key_of(run_id(1)), sequence);
    return std::string{view(key)};
  };
  {
    auto to = value_of(open_lmdb_journal(options));
    auto batch = creation(*to, 1);
    batch.entries = {note("1"), note("2"), note("3"), big, note("5")};
    CAF_REQUIRE(commit(*to, batch).code == errc::none);
    CAF_REQUIRE(to->put_definition("0a", "text"));
  }
  auto problem_of = [&](auto ask) {
    auto to = value_of(open_lmdb_journal(options));
    auto answer = ask(*to);
    if (answer)
      return std::string{"no problem"};
    CAF_CHECK(answer.error().code == errc::storage_corrupt);
    return answer.error().message;
  };
  auto read_all = [](journal& to) { return to.read(run_id(1)); };
  put_raw(options.directory, "blobs", big.blobs[0].first, "????too short");
  CAF_CHECK_EQUAL(problem_of(read_all),
                  "run " + run_id(1) + ", sequence 4: blob "
                    + hex(big.blobs[0].first) + ": checksum mismatch");
  put_raw(options.directory, "blobs", big.blobs[0].first, "");
  CAF_CHECK_EQUAL(problem_of(read_all),
                  "run " + run_id(1) + ", sequence 4: blob "
                    + hex(big.blobs[0].first) + " is missing");
  put_raw(options.directory, "entries", entry(2), "");
  CAF_CHECK_EQUAL(problem_of(read_all),
                  "run " + run_id(1) + ", sequence 2: entry is missing");
  put_raw(options.directory, "entries", entry(1), "abc");
  CAF_CHECK_EQUAL(problem_of(read_all),
                  "run " + run_id(1) + ", sequence 1: checksum mismatch");
  put_raw(options.directory, "entries", entry(1), seal(entry(1), "\x12"));
  CAF_CHECK_EQUAL(problem_of(read_all),
                  "run " + run_id(1) + ", sequence 1: entry cannot be parsed");
  put_raw(options.directory, "definitions", "0a", "????????");
  CAF_CHECK_EQUAL(problem_of([](journal& to) { return to.definition("0a"); }),
                  "definition 0a: checksum mismatch");
  put_raw(options.directory, "runs", run, "????????");
  auto damaged = "run " + run_id(1) + ": its summary: checksum mismatch";
  CAF_CHECK_EQUAL(problem_of([](journal& to) { return to.summary(run_id(1)); }),
                  damaged);
  CAF_CHECK_EQUAL(problem_of([](journal& to) { return to.runs({}); }), damaged);
  {
    // A damaged summary also stops what would write over it.
    auto to = value_of(open_lmdb_journal(options));
    auto batch = addition(*to, 1, 6);
    batch.summary = summary_of(1);
    CAF_CHECK(commit(*to, batch).code == errc::storage_corrupt);
    CAF_CHECK(commit(*to, creation(*to, 2)).code == errc::none);
  }
  put_raw(options.directory, "runs", run, "");
  CAF_CHECK_EQUAL(problem_of([](journal& to) { return to.runs({}); }),
                  "run " + run_id(1)
                    + ": an index names it, but its summary is missing");
}

CAF_TEST(another format version is refused) {
  scratch_directory scratch;
  auto options = options_for(scratch.path());
  value_of(open_lmdb_journal(options)).reset();
  put_raw(options.directory, "meta", "format",
          seal("format", std::string("\x02\0\0\0\0\0\0\0", 8)));
  auto opened = open_lmdb_journal(options);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.error().code == errc::storage_format);
  CAF_CHECK(opened.error().message.find("version 2") != std::string::npos);
  put_raw(options.directory, "meta", "format", "garbage");
  opened = open_lmdb_journal(options);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.error().code == errc::storage_corrupt);
}

CAF_TEST(a file that is no journal is refused) {
  scratch_directory scratch;
  std::ofstream{scratch.path() / "data.mdb"} << std::string(100'000, 'x');
  auto opened = open_lmdb_journal(options_for(scratch.path()));
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.error().code == errc::storage_corrupt);
  auto options = options_for(scratch.path() / "data.mdb");
  opened = open_lmdb_journal(options);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.error().code == errc::storage_io);
}

CAF_TEST(the map grows while readers read) {
  scratch_directory scratch;
  auto options = options_for(scratch.path());
  options.map_size_bytes = 1;
  auto to = value_of(open_lmdb_journal(options));
  CAF_REQUIRE(commit(*to, creation(*to, 1)).code == errc::none);
  std::atomic<bool> done = false;
  std::atomic<unsigned> reads = 0;
  std::atomic<unsigned> problems = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!done) {
        auto entries = to->read(run_id(1), 1, 20);
        problems += !entries || entries->empty() ? 1 : 0;
        ++reads;
      }
    });
  std::mt19937 random{3};
  for (std::uint64_t sequence = 2; sequence < 66; ++sequence) {
    // Half a megabyte that cannot be compressed, in each.
    std::string noise(512 * 1'024, '\0');
    for (auto& byte : noise)
      byte = static_cast<char>('0' + random() % 64);
    auto batch = addition(*to, 1, sequence);
    batch.entries
      = {encode(perdure::runtime::output_rejected{at(1), std::move(noise)})};
    CAF_CHECK(commit(*to, batch).code == errc::none);
  }
  while (reads < 10)
    std::this_thread::yield();
  done = true;
  for (auto& reader : readers)
    reader.join();
  CAF_CHECK_EQUAL(problems.load(), 0u);
  CAF_CHECK_GREATER(std::filesystem::file_size(scratch.path() / "data.mdb"),
                    20'000'000u);
  CAF_CHECK_EQUAL(to->read(run_id(1))->size(), 65u);
  to.reset();
  CAF_CHECK_EQUAL(value_of(open_lmdb_journal(options))->read(run_id(1))->size(),
                  65u);
}

CAF_TEST(large content is stored once) {
  scratch_directory scratch;
  auto to = value_of(open_lmdb_journal(options_for(scratch.path())));
  std::mt19937 random{5};
  std::string noise(1'000'000, '\0');
  for (auto& byte : noise)
    byte = static_cast<char>('0' + random() % 64);
  auto big = encode(perdure::runtime::output_rejected{at(1), noise});
  for (unsigned n = 1; n <= 50; ++n) {
    auto batch = creation(*to, n);
    batch.entries = {big};
    CAF_REQUIRE(commit(*to, batch).code == errc::none);
  }
  CAF_CHECK_LESS(std::filesystem::file_size(scratch.path() / "data.mdb"),
                 5'000'000u);
  CAF_CHECK_EQUAL(to->read(run_id(50))->size(), 1u);
}

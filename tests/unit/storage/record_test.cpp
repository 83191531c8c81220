#define CAF_SUITE storage.record

#include "storage/blob.hpp"
#include "storage/crc32c.hpp"
#include "storage/record.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace perdure::storage;
using perdure::runtime::errc;

namespace {

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (auto& byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

} // namespace

CAF_TEST(checksum has the known values) {
  CAF_CHECK_EQUAL(crc32c(""), 0u);
  CAF_CHECK_EQUAL(crc32c("123456789"), 0xE3069283u);
  CAF_CHECK_EQUAL(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  CAF_CHECK_EQUAL(crc32c_portable("123456789"), 0xE3069283u);
}

CAF_TEST(checksum is the same with and without special instructions) {
  std::mt19937 random{7};
  for (std::size_t size = 0; size < 200; ++size) {
    auto bytes = random_bytes(random, size);
    auto before = static_cast<std::uint32_t>(random());
    CAF_CHECK_EQUAL(crc32c(bytes, before), crc32c_portable(bytes, before));
    auto head = std::string_view{bytes}.substr(0, size / 3);
    auto tail = std::string_view{bytes}.substr(size / 3);
    CAF_CHECK_EQUAL(crc32c(tail, crc32c(head)), crc32c(bytes));
    CAF_CHECK_EQUAL(crc32c_portable(tail, crc32c_portable(head)),
                    crc32c(bytes));
  }
}

CAF_TEST(run ids are lower case uuids) {
  std::string id = "0123abcd-4567-89ef-0000-ffffffffffff";
  auto key = run_key_of(id);
  CAF_REQUIRE(key.has_value());
  CAF_CHECK_EQUAL(hex(view(*key)), "0123abcd456789ef0000ffffffffffff");
  CAF_CHECK_EQUAL(run_id_of(view(*key)), id);
  for (auto bad : {"", "0123ABCD-4567-89ef-0000-ffffffffffff",
                   "0123abcd-4567-89ef-0000-fffffffffff",
                   "0123abcd-4567-89ef-0000-fffffffffffff",
                   "0123abcd_4567-89ef-0000-ffffffffffff",
                   "0123abcd4-567-89ef-0000-ffffffffffff",
                   "0123abcg-4567-89ef-0000-ffffffffffff"})
    CAF_CHECK(!run_key_of(bad).has_value());
}

CAF_TEST(time keys sort as times do and come back) {
  auto run = *run_key_of("0123abcd-4567-89ef-0000-ffffffffffff");
  timestamp times[]
    = {timestamp::min(), timestamp{std::chrono::seconds{-1}}, timestamp{},
       timestamp{std::chrono::seconds{1}}, timestamp::max()};
  for (auto& time : times) {
    auto key = make_time_key(time, run);
    std::string_view bytes{key.data(), key.size()};
    CAF_CHECK(time_of(bytes) == time);
    CAF_CHECK(run_of(bytes) == run);
    CAF_CHECK(time_key_of(cursor_of(key)) == key);
    if (&time == times)
      continue;
    auto before = make_time_key(*(&time - 1), run);
    CAF_CHECK(std::string_view(before.data(), before.size()) < bytes);
  }
}

CAF_TEST(a foreign cursor is refused) {
  CAF_CHECK(!time_key_of("").has_value());
  CAF_CHECK(!time_key_of("abc").has_value());
  CAF_CHECK(!time_key_of(std::string(48, 'x')).has_value());
  CAF_CHECK(!time_key_of(std::string(50, '0')).has_value());
  CAF_CHECK(time_key_of(std::string(48, '0')).has_value());
}

CAF_TEST(a record with any byte changed is refused) {
  std::string key = "the key";
  auto record = seal(key, "the payload");
  auto payload = unseal(key, record);
  CAF_REQUIRE(payload.has_value());
  CAF_CHECK_EQUAL(*payload, "the payload");
  for (std::size_t at = 0; at < record.size(); ++at) {
    auto broken = record;
    broken[at] ^= 0x10;
    CAF_CHECK(!unseal(key, broken).has_value());
  }
  CAF_CHECK(!unseal("another", record).has_value());
  for (std::size_t size = 0; size < record.size(); ++size)
    CAF_CHECK(!unseal(key, std::string_view{record}.substr(0, size)));
}

CAF_TEST(blobs come back in either form) {
  std::mt19937 random{11};
  for (std::size_t size : {0u, 1u, 4'096u, 1'000'000u}) {
    std::string even(size, 'a');
    auto uneven = random_bytes(random, size);
    for (auto& content : {even, uneven}) {
      auto same = unpack_blob(pack_blob(content));
      CAF_REQUIRE(same);
      CAF_CHECK(*same == content);
    }
    CAF_CHECK_EQUAL(pack_blob(uneven).size(), size + 9);
  }
  CAF_CHECK_LESS(pack_blob(std::string(1'000'000, 'a')).size(), 1'000u);
}

CAF_TEST(damaged blobs are refused and never crash) {
  std::mt19937 random{13};
  auto packed = pack_blob(std::string(5'000, 'a') + random_bytes(random, 99));
  auto is_corrupt = [](std::string_view bytes) {
    auto content = unpack_blob(bytes);
    return !content && content.error().code == errc::storage_corrupt;
  };
  for (std::size_t size = 0; size < packed.size(); ++size)
    CAF_CHECK(is_corrupt(std::string_view{packed}.substr(0, size)));
  // A header that states a huge size must not be believed.
  auto huge = packed;
  huge[8] = 0x7F;
  CAF_CHECK(is_corrupt(huge));
  huge = packed;
  huge[5] = 0x01;
  CAF_CHECK(is_corrupt(huge));
  auto unknown = packed;
  unknown[0] = 9;
  CAF_CHECK(is_corrupt(unknown));
}

CAF_TEST(summaries come back and damaged ones are refused) {
  run_summary value;
  value.run_id = "0123abcd-4567-89ef-0000-ffffffffffff";
  value.agent = "clerk \xFF";
  value.definition_hash = "hash";
  value.status = run_status::waiting;
  value.reason = "approval";
  value.created_at = timestamp{std::chrono::microseconds{5}};
  value.status_since = timestamp{std::chrono::microseconds{-6}};
  value.tags = {"a", "", "a"};
  auto again = decode_summary(value.run_id, encode_summary(value));
  CAF_REQUIRE(again);
  CAF_CHECK(*again == value);
  value.wake_at = timestamp{};
  again = decode_summary(value.run_id, encode_summary(value));
  CAF_REQUIRE(again);
  CAF_CHECK(*again == value);
  value.status = static_cast<run_status>(77);
  again = decode_summary(value.run_id, encode_summary(value));
  CAF_REQUIRE(!again);
  CAF_CHECK(again.error().code == errc::storage_corrupt);
  CAF_CHECK(!decode_summary(value.run_id, "\x01\x02\x03"));
}

#include "storage/record.hpp"

#include "storage/crc32c.hpp"
#include "storage/proto/entry.pb.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace perdure::storage {

using runtime::errc;
using runtime::failure;

namespace {

constexpr std::uint64_t time_offset = std::uint64_t{1} << 63;

/// A record that LMDB and Protobuf can both hold.
constexpr std::size_t entry_size_max = std::size_t{1} << 30;

constexpr std::string_view digits = "0123456789abcdef";

/// Value of a lower-case hex digit, or 16.
unsigned digit(char c) noexcept {
  return static_cast<unsigned>(std::min(digits.find(c), digits.size()));
}

/// Reads `2 * count` hex digits.
bool read_hex(std::string_view text, char* into) noexcept {
  for (; text.size() >= 2; text.remove_prefix(2)) {
    auto high = digit(text[0]);
    auto low = digit(text[1]);
    if (high > 15 || low > 15)
      return false;
    *into++ = static_cast<char>(high << 4 | low);
  }
  return text.empty();
}

template <class Number>
void store(char* at, Number value, bool big_endian) noexcept {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    auto shift = 8 * (big_endian ? sizeof(Number) - 1 - i : i);
    at[i] = static_cast<char>(value >> shift);
  }
}

template <class Number>
Number load(const char* at, bool big_endian) noexcept {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    auto shift = 8 * (big_endian ? sizeof(Number) - 1 - i : i);
    value |= static_cast<Number>(static_cast<unsigned char>(at[i])) << shift;
  }
  return value;
}

timestamp time_at(std::int64_t microseconds) {
  return timestamp{std::chrono::microseconds{microseconds}};
}

std::int64_t count(timestamp time) {
  return time.time_since_epoch().count();
}

append_outcome
refuse(errc code, const append_batch& batch, std::string_view reason) {
  append_outcome outcome;
  outcome.code = code;
  outcome.message = "append to run " + batch.run_id + " refused: ";
  outcome.message += reason;
  return outcome;
}

} // namespace

// -- numbers ------------------------------------------------------------------

void store_le32(char* at, std::uint32_t value) noexcept {
  store(at, value, false);
}

std::uint32_t load_le32(const char* at) noexcept {
  return load<std::uint32_t>(at, false);
}

void store_le64(char* at, std::uint64_t value) noexcept {
  store(at, value, false);
}

std::uint64_t load_le64(const char* at) noexcept {
  return load<std::uint64_t>(at, false);
}

void store_be64(char* at, std::uint64_t value) noexcept {
  store(at, value, true);
}

std::uint64_t load_be64(const char* at) noexcept {
  return load<std::uint64_t>(at, true);
}

// -- keys ---------------------------------------------------------------------

std::size_t run_key_hash::operator()(const run_key& key) const noexcept {
  // Both halves of a UUID may hold a constant or a time, in some bits.
  auto mixed = load_le64(key.data()) * 0x9E3779B97F4A7C15u;
  return mixed ^ (mixed >> 32) ^ load_le64(key.data() + 8);
}

std::optional<run_key> run_key_of(std::string_view run_id) noexcept {
  if (run_id.size() != 36)
    return std::nullopt;
  constexpr std::array<std::size_t, 5> lengths{8, 4, 4, 4, 12};
  run_key key;
  auto* into = key.data();
  for (auto length : lengths) {
    if (!read_hex(run_id.substr(0, length), into))
      return std::nullopt;
    into += length / 2;
    run_id.remove_prefix(length);
    if (!run_id.empty()) {
      if (run_id.front() != '-')
        return std::nullopt;
      run_id.remove_prefix(1);
    }
  }
  return key;
}

std::string run_id_of(std::string_view key) {
  assert(key.size() == run_key{}.size());
  auto text = hex(key);
  for (std::size_t at : {8, 13, 18, 23})
    text.insert(at, 1, '-');
  return text;
}

entry_key make_entry_key(const run_key& run, std::uint64_t sequence) noexcept {
  entry_key key;
  std::memcpy(key.data(), run.data(), run.size());
  store_be64(key.data() + run.size(), sequence);
  return key;
}

time_key make_time_key(timestamp time, const run_key& run) noexcept {
  time_key key;
  store_be64(key.data(), static_cast<std::uint64_t>(count(time)) ^ time_offset);
  std::memcpy(key.data() + 8, run.data(), run.size());
  return key;
}

timestamp time_of(std::string_view key) noexcept {
  assert(key.size() == time_key{}.size());
  return time_at(
    static_cast<std::int64_t>(load_be64(key.data()) ^ time_offset));
}

run_key run_of(std::string_view key) noexcept {
  assert(key.size() == time_key{}.size());
  run_key run;
  std::memcpy(run.data(), key.data() + 8, run.size());
  return run;
}

std::string cursor_of(const time_key& key) {
  return hex({key.data(), key.size()});
}

std::optional<time_key> time_key_of(std::string_view cursor) noexcept {
  time_key key;
  if (cursor.size() != 2 * key.size() || !read_hex(cursor, key.data()))
    return std::nullopt;
  return key;
}

// -- records ------------------------------------------------------------------

void seal(std::string_view key, std::string_view payload, char* into) noexcept {
  store_le32(into, crc32c(payload, crc32c(key)));
  payload.copy(into + checksum_size, payload.size());
}

std::string seal(std::string_view key, std::string_view payload) {
  std::string record(checksum_size + payload.size(), '\0');
  seal(key, payload, record.data());
  return record;
}

std::optional<std::string_view>
unseal(std::string_view key, std::string_view record) noexcept {
  if (record.size() < checksum_size)
    return std::nullopt;
  auto stated = load_le32(record.data());
  record.remove_prefix(checksum_size);
  if (crc32c(record, crc32c(key)) != stated)
    return std::nullopt;
  return record;
}

// -- payloads -----------------------------------------------------------------

std::string encode_summary(const run_summary& value) {
  proto::RunSummary out;
  out.set_agent(value.agent);
  out.set_definition_hash(value.definition_hash);
  out.set_status(static_cast<std::uint32_t>(value.status));
  out.set_reason(value.reason);
  out.set_created_at_us(count(value.created_at));
  out.set_status_since_us(count(value.status_since));
  if (value.wake_at)
    out.set_wake_at_us(count(*value.wake_at));
  for (auto& tag : value.tags)
    out.add_tags(tag);
  out.set_open_questions(value.open_questions);
  out.set_handlers_behind(value.handlers_behind);
  return out.SerializeAsString();
}

result<run_summary>
decode_summary(std::string_view run_id, std::string_view payload) {
  proto::RunSummary in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return damaged_run(run_id, "its summary cannot be parsed");
  if (in.status() < static_cast<std::uint32_t>(run_status::scheduled)
      || in.status() > static_cast<std::uint32_t>(run_status::cancelled))
    return damaged_run(run_id, "its summary has the unknown status "
                                 + std::to_string(in.status()));
  run_summary value;
  value.run_id = run_id;
  value.agent = in.agent();
  value.definition_hash = in.definition_hash();
  value.status = static_cast<run_status>(in.status());
  value.reason = in.reason();
  value.created_at = time_at(in.created_at_us());
  value.status_since = time_at(in.status_since_us());
  if (in.has_wake_at_us())
    value.wake_at = time_at(in.wake_at_us());
  value.tags.assign(in.tags().begin(), in.tags().end());
  value.open_questions = in.open_questions();
  value.handlers_behind = in.handlers_behind();
  return value;
}

std::string encode_key_holder(const key_holder& value) {
  auto run = run_key_of(value.run_id);
  assert(run);
  proto::IdempotencyKey out;
  out.set_key(value.key);
  out.set_run_id(run->data(), run->size());
  out.set_request_digest(value.request_digest);
  return out.SerializeAsString();
}

result<key_holder> decode_key_holder(std::string_view payload) {
  proto::IdempotencyKey in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))
      || in.run_id().size() != run_key{}.size())
    return failure{errc::storage_corrupt,
                   "record of an idempotency key cannot be parsed"};
  return key_holder{in.key(), run_id_of(in.run_id()), in.request_digest()};
}

std::string encode_cache_ref(const cache_ref& value) {
  auto run = run_key_of(value.run_id);
  assert(run);
  proto::CachedOutcome out;
  out.set_run_id(run->data(), run->size());
  out.set_sequence(value.sequence);
  out.set_stored_at_us(count(value.stored_at));
  if (value.expires_at)
    out.set_expires_at_us(count(*value.expires_at));
  return out.SerializeAsString();
}

result<cache_ref> decode_cache_ref(std::string_view payload) {
  proto::CachedOutcome in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))
      || in.run_id().size() != run_key{}.size())
    return failure{errc::storage_corrupt,
                   "record of a cached outcome cannot be parsed"};
  cache_ref value{
    run_id_of(in.run_id()), in.sequence(), time_at(in.stored_at_us()), {}};
  if (in.has_expires_at_us())
    value.expires_at = time_at(in.expires_at_us());
  return value;
}

// -- rules that hold before the store is asked --------------------------------

append_outcome check(const append_batch& batch, std::uint64_t epoch) {
  if (!run_key_of(batch.run_id))
    return refuse(errc::invalid_argument, batch,
                  "a run id is a lower-case UUID");
  if (batch.epoch != epoch)
    return refuse(errc::stale_append, batch,
                  "it has epoch " + std::to_string(batch.epoch)
                    + ", the owner's is " + std::to_string(epoch));
  if (batch.summary && batch.summary->run_id != batch.run_id)
    return refuse(errc::invalid_argument, batch,
                  "its summary is of run " + batch.summary->run_id);
  if (batch.next_sequence == 1 && (batch.entries.empty() || !batch.summary))
    return refuse(errc::invalid_argument, batch,
                  "a new run needs an entry and a summary");
  if (batch.next_sequence != 1 && !batch.idempotency_key.empty())
    return refuse(errc::invalid_argument, batch,
                  "only the first append may claim an idempotency key");
  for (auto& put : batch.cache)
    if (put.key.empty() || put.key.size() > cache_key_max
        || put.entry >= batch.entries.size())
      return refuse(errc::invalid_argument, batch,
                    "a key of the cache has 1 to "
                      + std::to_string(cache_key_max)
                      + " bytes and names an entry of the append");
  for (auto& entry : batch.entries) {
    if (entry.bytes.size() > entry_size_max)
      return refuse(errc::payload_too_large, batch,
                    "an entry has " + std::to_string(entry.bytes.size())
                      + " bytes, the limit is "
                      + std::to_string(entry_size_max));
    if (entry.bytes.empty())
      return refuse(errc::invalid_argument, batch, "an entry is empty");
    for (auto& blob : entry.blobs)
      if (blob.first.size() != 32 || blob.second.size() > entry_size_max)
        return refuse(errc::payload_too_large, batch,
                      "content of more than " + std::to_string(entry_size_max)
                        + " bytes");
  }
  return {};
}

append_outcome stale_sequence(const append_batch& batch, std::uint64_t last) {
  return refuse(errc::stale_append, batch,
                "its first entry would be "
                  + std::to_string(batch.next_sequence) + ", the last one is "
                  + std::to_string(last));
}

append_outcome key_taken(const key_holder& holder) {
  append_outcome outcome;
  outcome.code = errc::conflict;
  outcome.message = "idempotency key is taken by run " + holder.run_id;
  outcome.existing_run_id = holder.run_id;
  outcome.existing_digest = holder.request_digest;
  return outcome;
}

failure unknown_run(std::string_view run_id) {
  return {errc::run_not_found, "there is no run " + std::string{run_id}};
}

failure damaged_entry(std::string_view run_id, std::uint64_t sequence,
                      std::string_view reason) {
  return {errc::storage_corrupt, "run " + std::string{run_id} + ", sequence "
                                   + std::to_string(sequence) + ": "
                                   + std::string{reason}};
}

failure damaged_run(std::string_view run_id, std::string_view reason) {
  return {errc::storage_corrupt,
          "run " + std::string{run_id} + ": " + std::string{reason}};
}

bool matches(const run_query& query, const run_summary& run) {
  auto has_tag = [&] {
    return std::find(run.tags.begin(), run.tags.end(), query.tag)
           != run.tags.end();
  };
  return (!query.status || run.status == *query.status)
         && (query.agent.empty() || run.agent == query.agent)
         && (query.tag.empty() || has_tag())
         && (!query.asks || run.open_questions > 0)
         && (!query.behind || run.handlers_behind)
         && (!query.since || run.created_at >= *query.since);
}

std::size_t page_size(const run_query& query) noexcept {
  return std::clamp<std::size_t>(query.limit, 1, page_size_max);
}

} // namespace perdure::storage

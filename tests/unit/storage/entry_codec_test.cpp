#define CAF_SUITE storage.entry_codec

#include "runtime/messages/history_json.hpp"
#include "storage/blob.hpp"
#include "storage/entry_codec.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <random>

using namespace perdure::runtime;
using perdure::storage::blob_hash;
using perdure::storage::blob_threshold_bytes;
using perdure::storage::decode;
using perdure::storage::encode;
using perdure::storage::encoded_entry;
using perdure::storage::hash_of;
using perdure::storage::unpack_blob;

namespace {

timestamp at(std::int64_t microseconds) {
  return timestamp{std::chrono::microseconds{microseconds}};
}

result<std::string> no_blobs(const blob_hash&) {
  return failure{errc::storage_corrupt, "no blob is expected here"};
}

/// Serves the blobs of one encoded entry.
perdure::storage::blob_source blobs_of(const encoded_entry& encoded) {
  return [&encoded](const blob_hash& hash) -> result<std::string> {
    for (auto& [name, packed] : encoded.blobs)
      if (name == hash)
        return unpack_blob(packed);
    return failure{errc::storage_corrupt, "blob is missing"};
  };
}

/// Encodes and decodes; encoding again must give the same bytes.
template <class T>
T round_trip(const T& value) {
  auto encoded = encode(value);
  auto decoded = decode(encoded.bytes, blobs_of(encoded));
  if (!decoded)
    CAF_FAIL(decoded.error().message);
  CAF_CHECK(encode(*decoded).bytes == encoded.bytes);
  auto* same = std::get_if<T>(&*decoded);
  if (same == nullptr)
    CAF_FAIL("decoded as another kind of entry");
  return *same;
}

task_ref tool_task() {
  return {3, task_kind::tool_call, 2};
}

errc code_of(std::string_view bytes) {
  auto decoded = decode(bytes, no_blobs);
  return decoded ? errc::none : decoded.error().code;
}

} // namespace

CAF_TEST(run created with nothing set) {
  run_created value;
  value.input.limits.request_limit = std::nullopt;
  auto same = round_trip(value);
  CAF_CHECK(same.input.prompt.is_null());
  CAF_CHECK(same.input.deps.is_null());
  CAF_CHECK(same.input.metadata.is_null());
  CAF_CHECK(same.input.history.empty());
  CAF_CHECK(!same.input.limits.request_limit.has_value());
  CAF_CHECK(!same.scheduled_at.has_value());
}

CAF_TEST(run created with everything set) {
  run_created value;
  value.time = at(-5);
  value.run_id = "0123abcd-4567-89ef-0000-ffffffffffff";
  value.definition_hash = std::string(64, 'a');
  value.idempotency_key = "key \xFF\xFE";
  value.scheduled_at = at(1'700'000'000'000'001);
  auto& input = value.input;
  input.agent = "clerk";
  input.prompt = json::parse(R"(["see", {"kind": "image-url", "url": "u"}])");
  input.deps = json::parse(R"({"z": 1, "a": [true, null, 1.5]})");
  input.metadata = json::parse(R"({"k": "v"})");
  input.tags = {"red", "", "blue"};
  input.model = "openai:gpt";
  input.conversation_id = "talk";
  input.limits = {1, 2, 3, 4, 5, 6, std::chrono::milliseconds{7}};
  model_request request;
  request.parts.push_back(user_prompt_part{"hello", at(10)});
  request.instructions = "be brief";
  model_response response;
  response.parts.push_back(text_part{"hi", {}});
  response.usage.input_tokens = 12;
  input.history = {std::make_shared<const message>(request),
                   std::make_shared<const message>(response)};
  auto same = round_trip(value);
  CAF_CHECK(same.time == value.time);
  CAF_CHECK_EQUAL(same.run_id, value.run_id);
  CAF_CHECK_EQUAL(same.definition_hash, value.definition_hash);
  CAF_CHECK_EQUAL(same.idempotency_key, value.idempotency_key);
  CAF_CHECK(same.scheduled_at == value.scheduled_at);
  CAF_CHECK_EQUAL(same.input.agent, "clerk");
  CAF_CHECK(same.input.prompt == input.prompt);
  CAF_CHECK_EQUAL(to_text(same.input.deps), to_text(input.deps));
  CAF_CHECK(same.input.metadata == input.metadata);
  CAF_CHECK(same.input.tags == input.tags);
  CAF_CHECK_EQUAL(same.input.model, "openai:gpt");
  CAF_CHECK_EQUAL(same.input.conversation_id, "talk");
  CAF_CHECK_EQUAL(*same.input.limits.request_limit, 1);
  CAF_CHECK_EQUAL(*same.input.limits.tool_calls_limit, 2);
  CAF_CHECK_EQUAL(*same.input.limits.input_tokens_limit, 3);
  CAF_CHECK_EQUAL(*same.input.limits.output_tokens_limit, 4);
  CAF_CHECK_EQUAL(*same.input.limits.total_tokens_limit, 5);
  CAF_CHECK_EQUAL(*same.input.limits.per_request_input_tokens_limit, 6);
  CAF_CHECK(same.input.limits.time_limit == std::chrono::milliseconds{7});
  CAF_CHECK_EQUAL(to_text(to_json(same.input.history)),
                  to_text(to_json(input.history)));
}

CAF_TEST(task started) {
  auto same = round_trip(task_started{at(4), tool_task(), 7});
  CAF_CHECK(same.time == at(4));
  CAF_CHECK(same.task == tool_task());
  CAF_CHECK_EQUAL(same.attempt, 7u);
}

CAF_TEST(attempt failed) {
  attempt_failed value;
  value.time = at(1);
  value.task = {1, task_kind::model_request, 0};
  value.attempt = 2;
  value.reason = {errc::model_http_error, "busy", true,
                  std::chrono::milliseconds{1'500}, 529};
  value.retry_at = at(9);
  auto same = round_trip(value);
  CAF_CHECK(same.time == at(1));
  CAF_CHECK(same.task == value.task);
  CAF_CHECK_EQUAL(same.attempt, 2u);
  CAF_CHECK(same.reason.code == errc::model_http_error);
  CAF_CHECK_EQUAL(same.reason.message, "busy");
  CAF_CHECK(same.reason.retryable);
  CAF_CHECK(same.reason.retry_after == std::chrono::milliseconds{1'500});
  CAF_CHECK_EQUAL(same.reason.status, 529);
  CAF_CHECK(same.retry_at == at(9));
  value.reason.retry_after.reset();
  value.reason.retryable = false;
  same = round_trip(value);
  CAF_CHECK(!same.reason.retry_after.has_value());
  CAF_CHECK(!same.reason.retryable);
}

CAF_TEST(task completed by a response with a part of an unknown kind) {
  model_response response;
  response.parts.push_back(text_part{"hi", {}});
  tool_call_part call;
  call.tool_name = "add";
  call.args = R"({"a": 1})";
  call.tool_call_id = "c1";
  response.parts.push_back(call);
  response.parts.push_back(
    opaque_part{json::parse(R"({"part_kind": "dream", "z": [1], "a": {}})")});
  response.usage.output_tokens = 3;
  response.usage.cost = "0.25";
  response.model_name = "m";
  response.time = at(77);
  response.finish_reason = finish_reason::tool_call;
  task_completed value{
    at(5), {2, task_kind::model_request, 0}, 3, at(4), response};
  auto same = round_trip(value);
  CAF_CHECK(same.time == at(5));
  CAF_CHECK(same.task == value.task);
  CAF_CHECK_EQUAL(same.attempts, 3u);
  CAF_CHECK(same.started_at == at(4));
  auto* got = std::get_if<model_response>(&same.outcome);
  CAF_REQUIRE(got != nullptr);
  CAF_CHECK_EQUAL(to_text(to_json(message{*got})),
                  to_text(to_json(message{response})));
  CAF_REQUIRE_EQUAL(got->parts.size(), 3u);
  auto* opaque = std::get_if<opaque_part>(&got->parts[2]);
  CAF_REQUIRE(opaque != nullptr);
  CAF_CHECK_EQUAL(to_text(opaque->value),
                  R"({"part_kind":"dream","z":[1],"a":{}})");
}

CAF_TEST(task completed by a tool) {
  for (auto kind : {tool_result_kind::returned, tool_result_kind::retry,
                    tool_result_kind::failed, tool_result_kind::unknown,
                    tool_result_kind::denied, tool_result_kind::output,
                    tool_result_kind::skipped}) {
    tool_result result{"add", "c1", kind, json::parse(R"({"sum": 3})"),
                       json::parse("[1]")};
    auto same = round_trip(
      task_completed{at(5), tool_task(), 0, at(4), std::move(result)});
    auto* got = std::get_if<tool_result>(&same.outcome);
    CAF_REQUIRE(got != nullptr);
    CAF_CHECK_EQUAL(got->tool_name, "add");
    CAF_CHECK_EQUAL(got->tool_call_id, "c1");
    CAF_CHECK(got->kind == kind);
    CAF_CHECK_EQUAL(to_text(got->content), R"({"sum":3})");
    CAF_CHECK_EQUAL(to_text(got->metadata), "[1]");
  }
}

CAF_TEST(task completed by an error) {
  auto same = round_trip(task_completed{
    at(5), tool_task(), 1, at(4), task_error{errc::tool_error, "broken"}});
  auto* got = std::get_if<task_error>(&same.outcome);
  CAF_REQUIRE(got != nullptr);
  CAF_CHECK(got->code == errc::tool_error);
  CAF_CHECK_EQUAL(got->message, "broken");
}

CAF_TEST(task completed by a list of tools) {
  const auto tools = json::parse(R"([{"name": "add", "inputSchema": {}}])");
  const task_ref task{0, task_kind::mcp_request, 3};
  auto same = round_trip(task_completed{
    at(5), task, 1, at(4),
    tool_listing{"sums", "Mind it.", tools, "abc", true, false}});
  CAF_CHECK(same.task == task);
  auto* got = std::get_if<tool_listing>(&same.outcome);
  CAF_REQUIRE(got != nullptr);
  CAF_CHECK_EQUAL(got->server, "sums");
  CAF_CHECK_EQUAL(got->instructions, "Mind it.");
  CAF_CHECK_EQUAL(to_text(got->tools), to_text(tools));
  CAF_CHECK_EQUAL(got->hash, "abc");
  CAF_CHECK(got->has_resources);
  CAF_CHECK(!got->has_prompts);
}

CAF_TEST(two runs that were told the same list share it) {
  auto tools = json::array();
  for (int i = 0; i < 200; ++i)
    tools.push_back({{"name", "tool" + std::to_string(i)},
                     {"inputSchema", {{"type", "object"}}}});
  const auto encoded = encode(task_completed{
    at(5), tool_task(), 1, at(4), tool_listing{"sums", {}, tools, "abc"}});
  CAF_REQUIRE_EQUAL(encoded.blobs.size(), 1u);
  CAF_CHECK(encoded.blobs[0].first == hash_of(to_text(tools)));
  CAF_CHECK_LESS(encoded.bytes.size(), 100u);
}

CAF_TEST(an attempt that needs input first) {
  auto noted = round_trip(task_noted{at(1), tool_task(), 2, "state", true});
  CAF_CHECK(noted.ends_attempt);
  CAF_CHECK(noted.note == "state");
  CAF_CHECK(!round_trip(task_noted{at(1), tool_task(), 2, "t"}).ends_attempt);
  question_asked asked;
  asked.task = tool_task();
  asked.kind = question_kind::elicitation;
  asked.attempt = 4;
  const auto same = round_trip(asked);
  CAF_CHECK(same.kind == question_kind::elicitation);
  CAF_CHECK_EQUAL(same.attempt, 4u);
}

CAF_TEST(what a server wants the model to say) {
  const task_ref task{3, task_kind::sampling, 2};
  const auto same = round_trip(sampling_requested{
    at(7), task, 4, {{"server", "sums"}, {"params", {{"maxTokens", 5}}}}});
  CAF_CHECK(same.time == at(7));
  CAF_CHECK(same.task == task);
  CAF_CHECK_EQUAL(same.call, 4u);
  CAF_CHECK_EQUAL(to_text(same.request),
                  R"({"server":"sums","params":{"maxTokens":5}})");
}

CAF_TEST(output rejected and cancel requested) {
  auto rejected = round_trip(output_rejected{at(2), json::parse("[{}]")});
  CAF_CHECK(rejected.time == at(2));
  CAF_CHECK_EQUAL(to_text(rejected.content), "[{}]");
  auto cancel = round_trip(cancel_requested{at(3), "tired"});
  CAF_CHECK(cancel.time == at(3));
  CAF_CHECK_EQUAL(cancel.reason, "tired");
}

CAF_TEST(run ended) {
  for (auto end : {run_end::completed, run_end::failed, run_end::cancelled}) {
    auto same = round_trip(run_ended{at(8), end, json::parse(R"("out")"),
                                     errc::model_timeout, "late"});
    CAF_CHECK(same.time == at(8));
    CAF_CHECK(same.end == end);
    CAF_CHECK_EQUAL(to_text(same.output), R"("out")");
    CAF_CHECK(same.error_code == errc::model_timeout);
    CAF_CHECK_EQUAL(same.error_message, "late");
  }
  CAF_CHECK(round_trip(run_ended{}).output.is_null());
}

CAF_TEST(content moves to a blob at the threshold) {
  // The JSON text of a string has two quotes.
  auto below = json(std::string(blob_threshold_bytes - 3, 'x'));
  auto encoded = encode(output_rejected{at(1), below});
  CAF_CHECK(encoded.blobs.empty());
  CAF_CHECK(round_trip(output_rejected{at(1), below}).content == below);
  auto exact = json(std::string(blob_threshold_bytes - 2, 'x'));
  encoded = encode(output_rejected{at(1), exact});
  CAF_REQUIRE_EQUAL(encoded.blobs.size(), 1u);
  CAF_CHECK_LESS(encoded.bytes.size(), 100u);
  CAF_CHECK(encoded.blobs[0].first == hash_of(to_text(exact)));
  CAF_CHECK(round_trip(output_rejected{at(1), exact}).content == exact);
}

CAF_TEST(every large content of a run has its blob) {
  auto big = [](char fill) { return json(std::string(10'000, fill)); };
  run_created value;
  value.input.prompt = big('p');
  value.input.deps = big('d');
  value.input.metadata = big('m');
  model_request request;
  request.parts.push_back(user_prompt_part{big('u'), at(1)});
  value.input.history = {std::make_shared<const message>(request)};
  CAF_CHECK_EQUAL(encode(value).blobs.size(), 4u);
  CAF_CHECK_LESS(encode(value).bytes.size(), 300u);
  auto same = round_trip(value);
  CAF_CHECK(same.input.prompt == value.input.prompt);
  CAF_CHECK(same.input.deps == value.input.deps);
  CAF_CHECK(same.input.metadata == value.input.metadata);
  CAF_CHECK_EQUAL(to_text(to_json(same.input.history)),
                  to_text(to_json(value.input.history)));
  tool_result tool{"t", "c", tool_result_kind::returned, big('c'), big('e')};
  task_completed done{at(5), tool_task(), 1, at(4), tool};
  CAF_CHECK_EQUAL(encode(done).blobs.size(), 2u);
  CAF_CHECK(std::get<tool_result>(round_trip(done).outcome).content
            == tool.content);
}

CAF_TEST(a file is one blob wherever it is sent) {
  const std::string file(10'000, 'A');
  const auto prompt = [&](const std::string& text) {
    return json::array(
      {text,
       {{"kind", "binary"}, {"media_type", "image/png"}, {"data", file}}});
  };
  run_created first;
  first.input.prompt = prompt("What is \"this\"?");
  run_created second;
  second.input.prompt = prompt("And \\ now?");
  model_request request;
  request.parts.push_back(user_prompt_part{prompt("Before"), at(1)});
  second.input.history = {std::make_shared<const message>(request)};
  const auto blobs = encode(first).blobs;
  CAF_REQUIRE_EQUAL(blobs.size(), 1u);
  CAF_CHECK(blobs[0].first == hash_of(file));
  for (const auto& [hash, packed] : encode(second).blobs)
    CAF_CHECK(hash == hash_of(file));
  CAF_CHECK_EQUAL(encode(second).blobs.size(), 2u);
  CAF_CHECK_LESS(encode(second).bytes.size(), 800u);
  CAF_CHECK(round_trip(first).input.prompt == first.input.prompt);
  CAF_CHECK_EQUAL(to_text(to_json(round_trip(second).input.history)),
                  to_text(to_json(second.input.history)));
}

CAF_TEST(what is long without long strings is one blob) {
  auto numbers = json::array();
  for (int i = 0; i < 3'000; ++i)
    numbers.push_back(i);
  const output_rejected value{at(1), numbers};
  CAF_REQUIRE_EQUAL(encode(value).blobs.size(), 1u);
  CAF_CHECK(encode(value).blobs[0].first == hash_of(to_text(numbers)));
  // Behind a long string it is a blob of its own.
  const output_rejected both{at(1),
                             json::array({std::string(5'000, 'x'), numbers})};
  CAF_CHECK_EQUAL(encode(both).blobs.size(), 2u);
  CAF_CHECK(round_trip(both).content == both.content);
}

CAF_TEST(a note of a task and a change of owner) {
  const task_noted note{
    at(3), {2, task_kind::model_request, 0}, 4, json::parse(R"({"id": "r1"})")};
  auto same = round_trip(note);
  CAF_CHECK(same.time == at(3));
  CAF_CHECK(same.task == note.task);
  CAF_CHECK_EQUAL(same.attempt, 4u);
  CAF_CHECK_EQUAL(to_text(same.note), R"({"id":"r1"})");
  CAF_CHECK(round_trip(run_taken_over{at(9)}).time == at(9));
}

CAF_TEST(question asked) {
  for (auto kind : {question_kind::approval, question_kind::external,
                    question_kind::in_doubt}) {
    question_asked value{at(1),   tool_task(),     2,
                         kind,    "wipe",          "c7",
                         at(500), on_expiry::fail, json::parse("{\"a\":1}")};
    auto same = round_trip(value);
    CAF_CHECK(same.time == at(1));
    CAF_CHECK(same.task == tool_task());
    CAF_CHECK_EQUAL(same.number, 2u);
    CAF_CHECK(same.kind == kind);
    CAF_CHECK_EQUAL(same.tool_name, "wipe");
    CAF_CHECK_EQUAL(same.tool_call_id, "c7");
    CAF_CHECK(same.expires_at == at(500));
    CAF_CHECK(same.on_expiry == on_expiry::fail);
    CAF_CHECK_EQUAL(to_text(same.metadata), "{\"a\":1}");
  }
  auto bare = round_trip(question_asked{});
  CAF_CHECK(!bare.expires_at);
  CAF_CHECK(bare.on_expiry == on_expiry::deny);
  CAF_CHECK(bare.metadata.is_null());
}

CAF_TEST(question answered) {
  for (auto verdict : {verdict::approved, verdict::denied, verdict::answered,
                       verdict::expired}) {
    question_answered value;
    value.time = at(2);
    value.task = tool_task();
    value.number = 3;
    value.verdict = verdict;
    value.arguments = json::parse(R"({"order": 18})");
    value.message = "no \xFF";
    value.result = tool_result{"wipe", "c7",          tool_result_kind::denied,
                               5,      json::array(), "more"};
    value.metadata = "m";
    value.decided_by = "ann";
    auto same = round_trip(value);
    CAF_CHECK(same.time == at(2));
    CAF_CHECK(same.task == tool_task());
    CAF_CHECK_EQUAL(same.number, 3u);
    CAF_CHECK(same.verdict == verdict);
    CAF_CHECK_EQUAL(to_text(same.arguments), R"({"order":18})");
    CAF_CHECK_EQUAL(same.message, "no \xFF");
    CAF_REQUIRE(same.result);
    CAF_CHECK_EQUAL(same.result->tool_name, "wipe");
    CAF_CHECK_EQUAL(same.result->tool_call_id, "c7");
    CAF_CHECK(same.result->kind == tool_result_kind::denied);
    CAF_CHECK(same.result->content == 5);
    CAF_CHECK(same.result->metadata == json::array());
    CAF_CHECK(same.result->extra == "more");
    CAF_CHECK(same.metadata == "m");
    CAF_CHECK_EQUAL(same.decided_by, "ann");
  }
  auto bare = round_trip(question_answered{});
  CAF_CHECK(!bare.result);
  CAF_CHECK(bare.arguments.is_null());
  CAF_CHECK(bare.metadata.is_null());
}

CAF_TEST(event handled) {
  auto same = round_trip(
    event_handled{at(4), 2, 3'000'001, 5, errc::tool_error, "gone"});
  CAF_CHECK(same.time == at(4));
  CAF_CHECK_EQUAL(same.handler, 2u);
  CAF_CHECK_EQUAL(same.event, 3'000'001u);
  CAF_CHECK_EQUAL(same.attempts, 5u);
  CAF_CHECK(same.error_code == errc::tool_error);
  CAF_CHECK_EQUAL(same.error_message, "gone");
}

CAF_TEST(fields that came with people in the loop) {
  run_created created;
  created.input.deferred_results = json::parse(R"({"calls": {"c": 1}})");
  CAF_CHECK(round_trip(created).input.deferred_results
            == created.input.deferred_results);
  attempt_failed failed;
  failed.fallback = 2;
  CAF_CHECK_EQUAL(round_trip(failed).fallback, 2u);
  task_completed done{at(1), tool_task(), 1, at(1), tool_result{}, "run/1"};
  std::get<tool_result>(done.outcome).extra = json::array({"see"});
  auto same = round_trip(done);
  CAF_CHECK_EQUAL(same.cached_from, "run/1");
  CAF_CHECK(std::get<tool_result>(same.outcome).extra == json::array({"see"}));
}

CAF_TEST(event handlers of a run) {
  run_created created;
  created.input.handlers.resize(2);
  auto& hook = created.input.handlers[0];
  hook.name = "hook";
  hook.kind = handler_kind::http;
  hook.url = "https://hooks.test/";
  hook.secret = "${SECRET}";
  hook.policy.retries = 9;
  created.input.handlers[1].name = "other";
  const auto same = round_trip(created).input.handlers;
  CAF_REQUIRE_EQUAL(same.size(), 2u);
  CAF_CHECK(to_json(same[0]) == to_json(hook));
  CAF_CHECK_EQUAL(same[0].policy.retries, 9u);
  CAF_CHECK_EQUAL(same[1].name, "other");
}

CAF_TEST(unknown values of questions are refused) {
  question_asked asked;
  asked.kind = static_cast<question_kind>(9);
  CAF_CHECK(code_of(encode(asked).bytes) == errc::storage_corrupt);
  question_answered answered;
  answered.verdict = static_cast<verdict>(9);
  CAF_CHECK(code_of(encode(answered).bytes) == errc::storage_corrupt);
}

CAF_TEST(a blob that is missing or not json is refused) {
  auto encoded = encode(output_rejected{at(1), std::string(9'000, 'x')});
  auto missing = decode(encoded.bytes, no_blobs);
  CAF_REQUIRE(!missing);
  CAF_CHECK_EQUAL(missing.error().message, "no blob is expected here");
  auto other = decode(encoded.bytes, [](const blob_hash&) {
    return result<std::string>{std::string{"{oops"}};
  });
  CAF_REQUIRE(!other);
  CAF_CHECK(other.error().code == errc::storage_corrupt);
}

CAF_TEST(unknown kinds and values are refused) {
  CAF_CHECK(code_of("") == errc::storage_corrupt);
  // Field 200 is of no entry that we know.
  CAF_CHECK(code_of("\xC2\x0C\x01x") == errc::storage_corrupt);
  auto damage
    = [](auto value) { return code_of(encode(std::move(value)).bytes); };
  task_started started{at(1), tool_task(), 1};
  CAF_CHECK(damage(started) == errc::none);
  started.task.kind = static_cast<task_kind>(9);
  CAF_CHECK(damage(started) == errc::storage_corrupt);
  run_ended ended;
  ended.end = static_cast<run_end>(0);
  CAF_CHECK(damage(ended) == errc::storage_corrupt);
  task_completed done{at(1), tool_task(), 1, at(1), tool_result{}};
  std::get<tool_result>(done.outcome).kind = static_cast<tool_result_kind>(99);
  CAF_CHECK(damage(done) == errc::storage_corrupt);
}

// Goal: no bytes crash the decoder. Method: seeded damage to real entries.
CAF_TEST(damaged bytes never crash) {
  run_created created;
  created.input.prompt = "hello";
  model_request request;
  request.parts.push_back(user_prompt_part{"hello", at(10)});
  created.input.history = {std::make_shared<const message>(request)};
  std::vector<std::string> samples{
    encode(created).bytes, encode(run_ended{}).bytes,
    encode(task_completed{at(5), tool_task(), 1, at(4), model_response{}})
      .bytes};
  auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  std::size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = samples[random() % samples.size()];
    for (auto flips = 1 + random() % 3; flips > 0; --flips)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0)
      bytes.resize(random() % bytes.size());
    refused += decode(bytes, no_blobs) ? 0 : 1;
  }
  CAF_CHECK_GREATER(refused, 100u);
}

#include "storage/entry_codec.hpp"

#include "runtime/messages/history_json.hpp"
#include "storage/blob.hpp"
#include "storage/json_pieces.hpp"
#include "storage/proto/entry.pb.h"

#include <openssl/sha.h>

namespace perdure::storage {

namespace {

using runtime::json;
using runtime::json_style;

std::int64_t count(runtime::timestamp time) {
  return time.time_since_epoch().count();
}

template <class Enum>
std::uint32_t number(Enum value) {
  return static_cast<std::uint32_t>(value);
}

/// Writes one entry; blobs are gathered on the way.
class encoder {
public:
  explicit encoder(proto::Entry& out) : out_(out) {
    // nop
  }

  void operator()(const runtime::run_created& value) {
    auto& out = *out_.mutable_run_created();
    out.set_time_us(count(value.time));
    out.set_run_id(value.run_id);
    out.set_definition_hash(value.definition_hash);
    put(*out.mutable_input(), value.input);
    out.set_idempotency_key(value.idempotency_key);
    if (value.scheduled_at)
      out.set_scheduled_at_us(count(*value.scheduled_at));
  }

  void operator()(const runtime::task_started& value) {
    auto& out = *out_.mutable_task_started();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_attempt(value.attempt);
  }

  void operator()(const runtime::attempt_failed& value) {
    auto& out = *out_.mutable_attempt_failed();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_attempt(value.attempt);
    out.set_code(number(value.reason.code));
    out.set_message(value.reason.message);
    out.set_retryable(value.reason.retryable);
    if (value.reason.retry_after)
      out.set_retry_after_ms(value.reason.retry_after->count());
    out.set_status(value.reason.status);
    out.set_retry_at_us(count(value.retry_at));
    out.set_fallback(value.fallback);
  }

  void operator()(const runtime::task_completed& value) {
    auto& out = *out_.mutable_task_completed();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_attempts(value.attempts);
    out.set_started_at_us(count(value.started_at));
    std::visit([&](const auto& outcome) { put(out, outcome); }, value.outcome);
    out.set_cached_from(value.cached_from);
  }

  void operator()(const runtime::output_rejected& value) {
    auto& out = *out_.mutable_output_rejected();
    out.set_time_us(count(value.time));
    if (!value.content.is_null())
      put(*out.mutable_content(), value.content);
  }

  void operator()(const runtime::cancel_requested& value) {
    auto& out = *out_.mutable_cancel_requested();
    out.set_time_us(count(value.time));
    out.set_reason(value.reason);
  }

  void operator()(const runtime::run_ended& value) {
    auto& out = *out_.mutable_run_ended();
    out.set_time_us(count(value.time));
    out.set_end(number(value.end));
    if (!value.output.is_null())
      put(*out.mutable_output(), value.output);
    out.set_error_code(number(value.error_code));
    out.set_error_message(value.error_message);
  }

  void operator()(const runtime::task_noted& value) {
    auto& out = *out_.mutable_task_noted();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_attempt(value.attempt);
    put(*out.mutable_note(), value.note);
    out.set_ends_attempt(value.ends_attempt);
  }

  void operator()(const runtime::run_taken_over& value) {
    out_.mutable_run_taken_over()->set_time_us(count(value.time));
  }

  void operator()(const runtime::question_asked& value) {
    auto& out = *out_.mutable_question_asked();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_number(value.number);
    out.set_kind(number(value.kind));
    out.set_tool_name(value.tool_name);
    out.set_tool_call_id(value.tool_call_id);
    if (value.expires_at)
      out.set_expires_at_us(count(*value.expires_at));
    out.set_on_expiry(number(value.on_expiry));
    if (!value.metadata.is_null())
      put(*out.mutable_metadata(), value.metadata);
    out.set_attempt(value.attempt);
  }

  void operator()(const runtime::question_answered& value) {
    auto& out = *out_.mutable_question_answered();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_number(value.number);
    out.set_verdict(number(value.verdict));
    if (!value.arguments.is_null())
      put(*out.mutable_arguments(), value.arguments);
    out.set_message(value.message);
    if (value.result)
      put(*out.mutable_result(), *value.result);
    if (!value.metadata.is_null())
      put(*out.mutable_metadata(), value.metadata);
    out.set_decided_by(value.decided_by);
  }

  void operator()(const runtime::event_handled& value) {
    auto& out = *out_.mutable_event_handled();
    out.set_time_us(count(value.time));
    out.set_handler(value.handler);
    out.set_event(value.event);
    out.set_attempts(value.attempts);
    out.set_error_code(number(value.error_code));
    out.set_error_message(value.error_message);
  }

  void operator()(const runtime::sampling_requested& value) {
    auto& out = *out_.mutable_sampling_requested();
    out.set_time_us(count(value.time));
    put(*out.mutable_task(), value.task);
    out.set_call(value.call);
    put(*out.mutable_request(), value.request);
  }

  std::vector<std::pair<blob_hash, std::string>> blobs;

private:
  void put(proto::Content& out, const json& value) {
    auto text = runtime::to_text(value);
    const auto pieces = text.size() < blob_threshold_bytes
                          ? std::vector<std::string_view>{text}
                          : split_at_long_strings(text, blob_threshold_bytes);
    if (pieces.size() == 1)
      return put_text(out, text);
    for (const auto piece : pieces)
      put_text(*out.mutable_pieces()->add_piece(), piece);
  }

  /// @param out a Content or a Piece
  template <class Holder>
  void put_text(Holder& out, std::string_view text) {
    if (text.size() < blob_threshold_bytes) {
      out.set_inline_bytes(text.data(), text.size());
      return;
    }
    auto hash = hash_of(text);
    blobs.emplace_back(hash, pack_blob(text));
    out.set_blob(std::move(hash));
  }

  static void put(proto::TaskRef& out, const runtime::task_ref& value) {
    out.set_step(value.step);
    out.set_kind(number(value.kind));
    out.set_index(value.index);
  }

  void put(proto::TaskCompleted& out, const runtime::model_response& value) {
    put(*out.mutable_response(),
        runtime::to_json(runtime::message{value}, json_style::compact));
  }

  void put(proto::TaskCompleted& out, const runtime::tool_result& value) {
    put(*out.mutable_tool_result(), value);
  }

  void put(proto::ToolResult& to, const runtime::tool_result& value) {
    to.set_tool_name(value.tool_name);
    to.set_tool_call_id(value.tool_call_id);
    to.set_kind(number(value.kind));
    if (!value.content.is_null())
      put(*to.mutable_content(), value.content);
    if (!value.metadata.is_null())
      put(*to.mutable_metadata(), value.metadata);
    if (!value.extra.is_null())
      put(*to.mutable_extra(), value.extra);
  }

  static void put(proto::TaskCompleted& out, const runtime::task_error& value) {
    out.mutable_error()->set_code(number(value.code));
    out.mutable_error()->set_message(value.message);
  }

  void put(proto::TaskCompleted& out, const runtime::tool_listing& value) {
    auto& to = *out.mutable_listing();
    to.set_server(value.server);
    to.set_instructions(value.instructions);
    put(*to.mutable_tools(), value.tools);
    to.set_hash(value.hash);
    to.set_has_resources(value.has_resources);
    to.set_has_prompts(value.has_prompts);
  }

  void put(proto::RunInput& out, const runtime::run_input& value) {
    out.set_agent(value.agent);
    if (!value.prompt.is_null())
      put(*out.mutable_prompt(), value.prompt);
    for (auto& item : value.history)
      put(*out.add_history(), runtime::to_json(*item, json_style::compact));
    if (!value.deps.is_null())
      put(*out.mutable_deps(), value.deps);
    if (!value.metadata.is_null())
      put(*out.mutable_metadata(), value.metadata);
    for (auto& tag : value.tags)
      out.add_tags(tag);
    put(*out.mutable_limits(), value.limits);
    out.set_model(value.model);
    out.set_conversation_id(value.conversation_id);
    if (!value.deferred_results.is_null())
      put(*out.mutable_deferred_results(), value.deferred_results);
    for (auto& handler : value.handlers)
      put(*out.add_handlers(), runtime::to_json(handler));
  }

  static void put(proto::UsageLimits& out, const runtime::usage_limits& value) {
    if (value.request_limit)
      out.set_request_limit(*value.request_limit);
    if (value.tool_calls_limit)
      out.set_tool_calls_limit(*value.tool_calls_limit);
    if (value.input_tokens_limit)
      out.set_input_tokens_limit(*value.input_tokens_limit);
    if (value.output_tokens_limit)
      out.set_output_tokens_limit(*value.output_tokens_limit);
    if (value.total_tokens_limit)
      out.set_total_tokens_limit(*value.total_tokens_limit);
    if (value.per_request_input_tokens_limit)
      out.set_per_request_input_tokens_limit(
        *value.per_request_input_tokens_limit);
    if (value.time_limit)
      out.set_time_limit_ms(value.time_limit->count());
  }

  proto::Entry& out_;
};

} // namespace

encoded_entry encode(const runtime::entry& value) {
  // Most entries fit into the block, so that their tree costs no allocation.
  alignas(8) char block[1'024];
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = sizeof(block);
  google::protobuf::Arena arena{options};
  auto* out = google::protobuf::Arena::CreateMessage<proto::Entry>(&arena);
  encoder write{*out};
  std::visit(write, value);
  return {out->SerializeAsString(), std::move(write.blobs), sort_of(value)};
}

blob_hash hash_of(std::string_view text) {
  blob_hash hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (auto byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

} // namespace perdure::storage

#include "runtime/messages/history_json.hpp"
#include "storage/entry_codec.hpp"
#include "storage/proto/entry.pb.h"

#include <limits>

namespace perdure::storage {

namespace {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;
using runtime::timestamp;

timestamp time_at(std::int64_t microseconds) {
  return timestamp{std::chrono::microseconds{microseconds}};
}

template <class T>
std::optional<T> optional_of(bool present, T value) {
  return present ? std::optional<T>{std::move(value)} : std::nullopt;
}

/// Reads one entry. The first thing that is wrong is kept in `problem`; what is
/// read after it does not matter.
class decoder {
public:
  explicit decoder(const blob_source& blobs) : blobs_(blobs) {
    // nop
  }

  runtime::entry entry(const proto::Entry& in) {
    switch (in.kind_case()) {
      case proto::Entry::kRunCreated:
        return read(in.run_created());
      case proto::Entry::kTaskStarted:
        return read(in.task_started());
      case proto::Entry::kAttemptFailed:
        return read(in.attempt_failed());
      case proto::Entry::kTaskCompleted:
        return read(in.task_completed());
      case proto::Entry::kOutputRejected:
        return runtime::output_rejected{time_at(in.output_rejected().time_us()),
                                        read(in.output_rejected().content())};
      case proto::Entry::kCancelRequested:
        return runtime::cancel_requested{
          time_at(in.cancel_requested().time_us()),
          in.cancel_requested().reason()};
      case proto::Entry::kRunEnded:
        return read(in.run_ended());
      case proto::Entry::kTaskNoted:
        return runtime::task_noted{
          time_at(in.task_noted().time_us()), read(in.task_noted().task()),
          in.task_noted().attempt(), read(in.task_noted().note()),
          in.task_noted().ends_attempt()};
      case proto::Entry::kRunTakenOver:
        return runtime::run_taken_over{time_at(in.run_taken_over().time_us())};
      case proto::Entry::kQuestionAsked:
        return read(in.question_asked());
      case proto::Entry::kQuestionAnswered:
        return read(in.question_answered());
      case proto::Entry::kEventHandled:
        return read(in.event_handled());
      case proto::Entry::kSamplingRequested:
        return runtime::sampling_requested{
          time_at(in.sampling_requested().time_us()),
          read(in.sampling_requested().task()), in.sampling_requested().call(),
          read(in.sampling_requested().request())};
      case proto::Entry::KIND_NOT_SET:
        break;
    }
    damaged("entry is of no kind that this version knows");
    return {};
  }

  std::optional<failure> problem;

private:
  void fail(failure reason) {
    if (!problem)
      problem = std::move(reason);
  }

  void damaged(std::string reason) {
    fail({errc::storage_corrupt, std::move(reason)});
  }

  /// A number of an enumeration whose values are `first` to `last`.
  template <class Enum>
  Enum read(std::uint32_t value, Enum first, Enum last, const char* what) {
    if (value < static_cast<std::uint32_t>(first)
        || value > static_cast<std::uint32_t>(last)) {
      damaged(std::string{what} + " has the unknown value "
              + std::to_string(value));
      return first;
    }
    return static_cast<Enum>(value);
  }

  errc read_code(std::uint32_t value) {
    return read(value, errc::none,
                errc{std::numeric_limits<std::uint8_t>::max()}, "error code");
  }

  /// Content is null when it is absent.
  json read(const proto::Content& in) {
    switch (in.form_case()) {
      case proto::Content::kInlineBytes:
        return parse(in.inline_bytes());
      case proto::Content::kBlob:
        return parse(fetch(in.blob()));
      case proto::Content::kPieces: {
        std::string text;
        for (const auto& piece : in.pieces().piece())
          text += piece.form_case() == proto::Piece::kBlob
                    ? fetch(piece.blob())
                    : piece.inline_bytes();
        return parse(text);
      }
      case proto::Content::FORM_NOT_SET:
        break;
    }
    return nullptr;
  }

  std::string fetch(const blob_hash& hash) {
    auto text = blobs_(hash);
    if (text)
      return std::move(*text);
    fail(text.error());
    return {};
  }

  json parse(std::string_view text) {
    auto value = runtime::parse_json(text);
    if (value)
      return std::move(*value);
    damaged("content is not JSON: " + value.error().message);
    return nullptr;
  }

  runtime::message read_message(const proto::Content& in) {
    auto value = runtime::message_from_json(read(in));
    if (value)
      return std::move(*value);
    damaged("message cannot be read: " + value.error().message);
    return {};
  }

  runtime::task_ref read(const proto::TaskRef& in) {
    return {in.step(),
            read(in.kind(), runtime::task_kind::model_request,
                 runtime::task_kind::sampling, "task kind"),
            in.index()};
  }

  runtime::usage_limits read(const proto::UsageLimits& in) {
    runtime::usage_limits out;
    out.request_limit = optional_of(in.has_request_limit(), in.request_limit());
    out.tool_calls_limit
      = optional_of(in.has_tool_calls_limit(), in.tool_calls_limit());
    out.input_tokens_limit
      = optional_of(in.has_input_tokens_limit(), in.input_tokens_limit());
    out.output_tokens_limit
      = optional_of(in.has_output_tokens_limit(), in.output_tokens_limit());
    out.total_tokens_limit
      = optional_of(in.has_total_tokens_limit(), in.total_tokens_limit());
    out.per_request_input_tokens_limit
      = optional_of(in.has_per_request_input_tokens_limit(),
                    in.per_request_input_tokens_limit());
    out.time_limit = optional_of(in.has_time_limit_ms(),
                                 std::chrono::milliseconds{in.time_limit_ms()});
    return out;
  }

  runtime::event_handler read_handler(const proto::Content& in) {
    std::string reason;
    auto out = runtime::read_event_handler(read(in), "handler", reason);
    if (!reason.empty())
      damaged(std::move(reason));
    return out;
  }

  runtime::run_input read(const proto::RunInput& in) {
    runtime::run_input out;
    out.agent = in.agent();
    out.prompt = read(in.prompt());
    for (auto& item : in.history())
      out.history.push_back(
        std::make_shared<const runtime::message>(read_message(item)));
    out.deps = read(in.deps());
    out.metadata = read(in.metadata());
    out.tags.assign(in.tags().begin(), in.tags().end());
    out.limits = read(in.limits());
    out.model = in.model();
    out.conversation_id = in.conversation_id();
    out.deferred_results = read(in.deferred_results());
    for (auto& item : in.handlers())
      out.handlers.push_back(read_handler(item));
    return out;
  }

  runtime::run_created read(const proto::RunCreated& in) {
    runtime::run_created out;
    out.time = time_at(in.time_us());
    out.run_id = in.run_id();
    out.definition_hash = in.definition_hash();
    out.input = read(in.input());
    out.idempotency_key = in.idempotency_key();
    out.scheduled_at
      = optional_of(in.has_scheduled_at_us(), time_at(in.scheduled_at_us()));
    return out;
  }

  runtime::task_started read(const proto::TaskStarted& in) {
    return {time_at(in.time_us()), read(in.task()), in.attempt()};
  }

  runtime::attempt_failed read(const proto::AttemptFailed& in) {
    runtime::attempt_failed out;
    out.time = time_at(in.time_us());
    out.task = read(in.task());
    out.attempt = in.attempt();
    out.reason.code = read_code(in.code());
    out.reason.message = in.message();
    out.reason.retryable = in.retryable();
    out.reason.retry_after = optional_of(
      in.has_retry_after_ms(), std::chrono::milliseconds{in.retry_after_ms()});
    if (in.status() > std::numeric_limits<std::uint16_t>::max())
      damaged("HTTP status " + std::to_string(in.status()));
    out.reason.status = static_cast<std::uint16_t>(in.status());
    out.retry_at = time_at(in.retry_at_us());
    out.fallback = in.fallback();
    return out;
  }

  runtime::task_completed read(const proto::TaskCompleted& in) {
    runtime::task_completed out;
    out.time = time_at(in.time_us());
    out.task = read(in.task());
    out.attempts = in.attempts();
    out.started_at = time_at(in.started_at_us());
    switch (in.outcome_case()) {
      case proto::TaskCompleted::kResponse:
        out.outcome = read_response(in.response());
        break;
      case proto::TaskCompleted::kToolResult:
        out.outcome = read(in.tool_result());
        break;
      case proto::TaskCompleted::kError:
        out.outcome = runtime::task_error{read_code(in.error().code()),
                                          in.error().message()};
        break;
      case proto::TaskCompleted::kListing:
        out.outcome = read(in.listing());
        break;
      case proto::TaskCompleted::OUTCOME_NOT_SET:
        damaged("task has no outcome that this version knows");
    }
    out.cached_from = in.cached_from();
    return out;
  }

  runtime::tool_listing read(const proto::ToolListing& in) {
    return {in.server(), in.instructions(),  read(in.tools()),
            in.hash(),   in.has_resources(), in.has_prompts()};
  }

  runtime::model_response read_response(const proto::Content& in) {
    auto value = read_message(in);
    if (auto* response = std::get_if<runtime::model_response>(&value))
      return std::move(*response);
    damaged("outcome of a model request is not a response");
    return {};
  }

  runtime::tool_result read(const proto::ToolResult& in) {
    runtime::tool_result out;
    out.tool_name = in.tool_name();
    out.tool_call_id = in.tool_call_id();
    out.kind = read(in.kind(), runtime::tool_result_kind::returned,
                    runtime::tool_result_kind::skipped, "kind of tool result");
    out.content = read(in.content());
    out.metadata = read(in.metadata());
    out.extra = read(in.extra());
    return out;
  }

  runtime::question_asked read(const proto::QuestionAsked& in) {
    runtime::question_asked out;
    out.time = time_at(in.time_us());
    out.task = read(in.task());
    out.kind = read(in.kind(), runtime::question_kind::approval,
                    runtime::question_kind::elicitation, "kind of question");
    out.number = in.number();
    out.tool_name = in.tool_name();
    out.tool_call_id = in.tool_call_id();
    out.expires_at
      = optional_of(in.has_expires_at_us(), time_at(in.expires_at_us()));
    out.on_expiry = read(in.on_expiry(), runtime::on_expiry::deny,
                         runtime::on_expiry::fail, "rule of expiry");
    out.metadata = read(in.metadata());
    out.attempt = in.attempt();
    return out;
  }

  runtime::question_answered read(const proto::QuestionAnswered& in) {
    runtime::question_answered out;
    out.time = time_at(in.time_us());
    out.task = read(in.task());
    out.number = in.number();
    out.verdict = read(in.verdict(), runtime::verdict::approved,
                       runtime::verdict::expired, "verdict");
    out.arguments = read(in.arguments());
    out.message = in.message();
    if (in.has_result())
      out.result = read(in.result());
    out.metadata = read(in.metadata());
    out.decided_by = in.decided_by();
    return out;
  }

  runtime::event_handled read(const proto::EventHandled& in) {
    return {
      time_at(in.time_us()),      in.handler(),      in.event(), in.attempts(),
      read_code(in.error_code()), in.error_message()};
  }

  runtime::run_ended read(const proto::RunEnded& in) {
    runtime::run_ended out;
    out.time = time_at(in.time_us());
    out.end = read(in.end(), runtime::run_end::completed,
                   runtime::run_end::cancelled, "end of the run");
    out.output = read(in.output());
    out.error_code = read_code(in.error_code());
    out.error_message = in.error_message();
    return out;
  }

  const blob_source& blobs_;
};

} // namespace

result<runtime::entry>
decode(std::string_view bytes, const blob_source& blobs) {
  google::protobuf::Arena arena;
  auto* in = google::protobuf::Arena::CreateMessage<proto::Entry>(&arena);
  if (bytes.size() > std::numeric_limits<int>::max()
      || !in->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return failure{errc::storage_corrupt, "entry cannot be parsed"};
  decoder read{blobs};
  auto value = read.entry(*in);
  if (read.problem)
    return std::move(*read.problem);
  return value;
}

} // namespace perdure::storage

#include "runtime/models/wire_reader.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_error.hpp"

namespace perdure::runtime {

namespace {

// Far above what a model says; a response beyond it is a runaway server.
constexpr std::size_t body_size_max = std::size_t{64} << 20;
constexpr std::size_t stream_size_max = std::size_t{1} << 30;

bool looks_like_stream(std::string_view body) {
  const auto begin = body.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (begin == std::string_view::npos)
    return false;
  body.remove_prefix(begin);
  return body.starts_with("data:") || body.starts_with("event:")
         || body.starts_with(":");
}

bool is_stream(std::string_view content_type) {
  return content_type.find("event-stream") != std::string_view::npos;
}

attempt_failure too_large(std::string_view model_name, std::string message) {
  attempt_failure reason;
  reason.code = errc::payload_too_large;
  reason.message = std::string{model_name} + ": " + std::move(message);
  return reason;
}

} // namespace

std::optional<attempt_failure>
wire_events::on_error(response_draft& draft, const json& error, bool is_stream,
                      const delta_sink&) {
  // A stream had begun: the request as such was accepted.
  return failure_of_error(error, {draft.identity.model_name, 0, is_stream});
}

json wire_events::job() const {
  return nullptr;
}

bool wire_events::has_ended() const {
  return false; // nobody asks, where there are no jobs
}

std::int64_t wire_events::position() const {
  return -1;
}

void wire_events::resume() {
  // nothing is kept from one exchange to the next
}

wire_reader::wire_reader(reading_options options, parts_builder::ending when,
                         std::unique_ptr<wire_events> events)
  : draft_{std::move(options.identity),
           std::move(options.profile),
           {std::move(options.make_id), when},
           {},
           {},
           {},
           false,
           false},
    events_(std::move(events)),
    is_stream_type_(is_stream(options.content_type)) {
  // nop
}

std::optional<attempt_failure>
wire_reader::feed(std::string_view bytes, const delta_sink& sink) {
  if (failed_)
    return failed_;
  if (form_ == body_form::undecided)
    decide(bytes);
  if (form_ == body_form::stream)
    return stream(bytes, sink);
  if (body_.size() + bytes.size() > body_size_max)
    return fail(too_large(draft_.identity.model_name,
                          "the response is larger than "
                            + std::to_string(body_size_max) + " bytes"));
  body_.append(bytes);
  return std::nullopt;
}

std::variant<model_response, attempt_failure>
wire_reader::finish(timestamp now, const delta_sink& sink) {
  if (!failed_)
    complete(sink);
  if (failed_)
    return *failed_;
  auto& response = draft_.response;
  if (draft_.is_pending) {
    response.state = message_state::suspended;
    return response;
  }
  response.parts = draft_.parts.finish(sink);
  response.finish_reason = events_->meaning(draft_.raw_finish);
  if (!draft_.raw_finish.empty())
    response.provider_details["finish_reason"] = draft_.raw_finish;
  if (!draft_.refusal.empty()) {
    response.parts.clear();
    response.finish_reason = finish_reason::content_filter;
    response.provider_details["refusal"] = draft_.refusal;
  }
  if (!response.model_name)
    response.model_name = draft_.identity.model_name;
  response.provider_name = draft_.identity.provider_name;
  if (!draft_.identity.provider_url.empty())
    response.provider_url = draft_.identity.provider_url;
  response.time = now;
  return std::move(response);
}

json wire_reader::job() const {
  return events_->job();
}

bool wire_reader::has_ended() const {
  return events_->has_ended();
}

std::int64_t wire_reader::position() const {
  return events_->position();
}

void wire_reader::resume(std::string_view content_type) {
  is_stream_type_ = is_stream(content_type);
  form_ = body_form::undecided;
  decoder_ = sse_decoder{};
  body_.clear();
  failed_.reset();
  draft_.is_done = false;
  draft_.is_pending = false;
  draft_.response.state = message_state::complete;
  events_->resume();
}

void wire_reader::decide(std::string_view bytes) {
  const auto first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return;
  if (bytes[first] == '{')
    form_ = body_form::whole;
  else
    form_ = is_stream_type_ ? body_form::stream : body_form::whole;
}

std::optional<attempt_failure> wire_reader::fail(attempt_failure reason) {
  failed_ = std::move(reason);
  return failed_;
}

std::optional<attempt_failure>
wire_reader::stream(std::string_view bytes, const delta_sink& sink) {
  streamed_size_ += bytes.size();
  if (streamed_size_ > stream_size_max)
    return fail(too_large(draft_.identity.model_name,
                          "the stream is larger than "
                            + std::to_string(stream_size_max) + " bytes"));
  std::vector<sse_event> events;
  const auto fed = decoder_.feed(bytes, events);
  if (auto reason = take(events, sink))
    return fail(std::move(*reason));
  if (!fed)
    return fail(too_large(draft_.identity.model_name, fed.error().message));
  return std::nullopt;
}

std::optional<attempt_failure>
wire_reader::take(const std::vector<sse_event>& events,
                  const delta_sink& sink) {
  for (const auto& event : events) {
    // What follows the end of a stream does not belong to it.
    if (draft_.is_done)
      break;
    if (auto reason = take(event, sink))
      return reason;
  }
  return std::nullopt;
}

std::optional<attempt_failure>
wire_reader::take(const sse_event& event, const delta_sink& sink) {
  if (event.data == "[DONE]") {
    draft_.is_done = true;
    return std::nullopt;
  }
  if (event.data.find_first_not_of(" \t\n") == std::string::npos)
    return std::nullopt;
  const auto value = parse_or_discard(event.data);
  const auto is_error = event.event == "error";
  if (is_error && value.is_discarded())
    return events_->on_error(draft_, json(event.data), true, sink);
  if (!value.is_object())
    return bad_response(draft_.identity.model_name,
                        "an event of the stream is not a JSON object: "
                          + snippet(event.data, 120),
                        true);
  if (const auto* error = find_error(value))
    return events_->on_error(draft_, *error, true, sink);
  if (is_error || text_or_empty(value, "type") == "error")
    return events_->on_error(draft_, value, true, sink);
  return events_->on_event(draft_, value, sink);
}

std::optional<attempt_failure> wire_reader::take_body(const delta_sink& sink) {
  const auto& model_name = draft_.identity.model_name;
  const auto first = body_.find_first_not_of(" \t\r\n");
  if (first == std::string::npos)
    return bad_response(model_name, "the response is empty", true);
  const auto value = parse_or_discard(body_);
  if (value.is_discarded()) {
    // JSON that breaks off was cut on its way; anything else is not a model.
    const auto is_cut = body_[first] == '{';
    return bad_response(
      model_name, "the response is not JSON: " + snippet(body_, 200), is_cut);
  }
  if (!value.is_object())
    return bad_response(
      model_name, "the response is not a JSON object: " + snippet(body_, 200),
      false);
  if (const auto* error = find_error(value))
    return events_->on_error(draft_, *error, false, sink);
  return events_->on_body(draft_, value, sink);
}

std::optional<attempt_failure> wire_reader::complete(const delta_sink& sink) {
  if (form_ != body_form::stream && looks_like_stream(body_)) {
    form_ = body_form::stream;
    if (auto reason = stream(body_, sink))
      return reason;
  }
  if (form_ == body_form::stream
      || (form_ == body_form::undecided && is_stream_type_)) {
    std::vector<sse_event> events;
    const auto flushed = decoder_.finish(events);
    if (auto reason = take(events, sink))
      return fail(std::move(*reason));
    if (!flushed)
      return fail(
        too_large(draft_.identity.model_name, flushed.error().message));
    if (auto reason = events_->on_end(draft_))
      return fail(std::move(*reason));
  } else if (auto reason = take_body(sink)) {
    return fail(std::move(*reason));
  }
  if (draft_.parts.has_nameless_call())
    return fail(bad_response(draft_.identity.model_name,
                             "a tool call has no name", true));
  return std::nullopt;
}

void note_created(response_draft& draft, const json& seconds) {
  const auto created = to_integer(seconds);
  constexpr std::int64_t end_of_9999 = 253'402'300'799;
  if (created && *created > 0 && *created <= end_of_9999)
    draft.response.provider_details["timestamp"]
      = to_iso(timestamp{std::chrono::seconds{*created}});
}

} // namespace perdure::runtime

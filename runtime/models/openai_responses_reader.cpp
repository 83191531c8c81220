#include "runtime/models/openai_responses_reader.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/responses_items.hpp"
#include "runtime/models/wire_error.hpp"
#include "runtime/models/wire_usage.hpp"

namespace perdure::runtime {

namespace {

void take_head(response_draft& draft, const json& value) {
  auto& response = draft.response;
  if (const auto id = text_or_empty(value, "id"); !id.empty())
    response.provider_response_id = std::string{id};
  if (const auto name = text_or_empty(value, "model"); !name.empty())
    response.model_name = std::string{name};
  if (const auto* created = find_value(value, "created_at"))
    note_created(draft, *created);
  if (const auto* counts = find_object(value, "usage"))
    response.usage
      = usage_of(*counts, {"input_tokens", "output_tokens",
                           "input_tokens_details", "output_tokens_details"});
}

attempt_failure other_pieces(std::string_view model_name) {
  return bad_response(model_name,
                      "the pieces of an item that were streamed are not those "
                      "of the finished item",
                      true);
}

} // namespace

std::optional<attempt_failure>
responses_events::on_event(response_draft& draft, const json& event,
                           const delta_sink& sink) {
  const auto type = text_or_empty(event, "type");
  if (is_known(event))
    return std::nullopt;
  if (const auto* response = find_object(event, "response")) {
    take_head(draft, *response);
    take_job(draft, true);
    if (type == "response.completed" || type == "response.incomplete"
        || type == "response.failed" || type == "response.cancelled")
      return take_final(draft, *response, true, sink);
    return std::nullopt;
  }
  const auto* item = find_object(event, "item");
  const auto key = item_key(event);
  if (type == "response.output_item.added") {
    if (item != nullptr)
      begin_item(draft, key, *item, sink);
  } else if (type == "response.output_item.done") {
    if (item != nullptr && !take_item(draft, key, *item, sink))
      return other_pieces(draft.identity.model_name);
  } else {
    take_piece(draft, key, type, event, sink);
  }
  return std::nullopt;
}

std::optional<attempt_failure>
responses_events::on_body(response_draft& draft, const json& body,
                          const delta_sink& sink) {
  if (find_array(body, "output") == nullptr)
    return bad_response(draft.identity.model_name,
                        "the response is not one of the Responses API: "
                        "`output` is missing",
                        false);
  take_head(draft, body);
  take_job(draft, false);
  return take_final(draft, body, false, sink);
}

std::optional<attempt_failure>
responses_events::take_final(response_draft& draft, const json& response,
                             bool is_stream, const delta_sink& sink) {
  const auto& model_name = draft.identity.model_name;
  const auto status = text_or_empty(response, "status");
  if (status == "queued" || status == "in_progress") {
    if (job_.is_null())
      return bad_response(model_name,
                          "the response is made in the background and has no "
                          "`id` that it could be asked for by",
                          false);
    draft.is_pending = true;
    return std::nullopt;
  }
  has_ended_ = true;
  if (const auto* error = find_error(response))
    return on_error(draft, *error, is_stream, sink);
  if (status == "failed")
    return bad_response(model_name, "the response failed without a reason",
                        true);
  draft.raw_finish = status.empty() ? "completed" : status;
  if (const auto* details = find_object(response, "incomplete_details"))
    if (const auto why = text_or_empty(*details, "reason"); !why.empty())
      draft.raw_finish = why;
  if (take_output(draft, response, sink))
    return std::nullopt;
  has_ended_ = false; // it can be read anew, as a whole
  return other_pieces(model_name);
}

bool responses_events::take_output(response_draft& draft, const json& response,
                                   const delta_sink& sink) const {
  const auto* output = find_array(response, "output");
  // Some servers stream the frame of a response and send its items at the end.
  // What was lost between two exchanges is in them too.
  if (output == nullptr || (!draft.parts.empty() && !is_resumed_))
    return true;
  bool fits = true;
  for (std::size_t i = 0; i < output->size(); ++i)
    fits = take_item(draft, std::to_string(i), (*output)[i], sink) && fits;
  return fits || !is_resumed_;
}

std::optional<attempt_failure>
responses_events::on_error(response_draft& draft, const json& error,
                           bool is_stream, const delta_sink& sink) {
  // A stream may fail while the work behind it goes on.
  has_ended_ = has_ended_ || !is_stream;
  return wire_events::on_error(draft, error, is_stream, sink);
}

std::optional<attempt_failure> responses_events::on_end(response_draft& draft) {
  if (!has_ended_ && !draft.is_done)
    return bad_response(draft.identity.model_name, "the stream ended early",
                        true);
  if (!has_ended_ && draft.parts.empty() && draft.refusal.empty())
    return bad_response(draft.identity.model_name,
                        "the stream held no output items", true);
  if (draft.raw_finish.empty())
    draft.raw_finish = "completed";
  return std::nullopt;
}

finish_reason responses_events::meaning(std::string_view raw) const {
  if (raw == "completed")
    return finish_reason::stop;
  if (raw == "max_output_tokens")
    return finish_reason::length;
  if (raw == "content_filter")
    return finish_reason::content_filter;
  if (raw == "cancelled" || raw == "failed")
    return finish_reason::error;
  return finish_reason::none;
}

json responses_events::job() const {
  return job_;
}

bool responses_events::has_ended() const {
  return has_ended_;
}

std::int64_t responses_events::position() const {
  return position_;
}

void responses_events::resume() {
  is_resumed_ = true;
}

bool responses_events::is_known(const json& event) {
  const auto number = find_integer(event, "sequence_number");
  if (!number)
    return false;
  // Only a further exchange repeats; some servers give all the same number.
  if (is_resumed_ && *number <= position_)
    return true;
  position_ = *number;
  return false;
}

void responses_events::take_job(const response_draft& draft, bool is_stream) {
  if (job_.is_null() && draft.response.provider_response_id)
    job_
      = {{"id", *draft.response.provider_response_id}, {"stream", is_stream}};
}

} // namespace perdure::runtime

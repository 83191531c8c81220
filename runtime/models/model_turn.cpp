#include "runtime/models/model_turn.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/merged_response.hpp"
#include "runtime/models/wire_error.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

constexpr std::size_t error_body_max_bytes = 65'536;

void tell(const model_response& said, const delta_sink& sink) {
  std::uint32_t index = 0;
  for (const auto& part : said.parts) {
    sink(part_started{index, part});
    sink(part_ended{index, part});
    ++index;
  }
}

/// Whether the answer is about the request, not about who asks or when.
bool is_about_request(unsigned status) {
  return status >= 400 && status < 500 && status != 401 && status != 403
         && !is_retryable_status(status);
}

bool is_gone(unsigned status) {
  return status == 404 || status == 410;
}

} // namespace

model_turn::model_turn(turn_options options) : options_(std::move(options)) {
  // nop
}

turn_step model_turn::begin(const delta_sink& sink) {
  auto known = turn_note_from_json(options_.note);
  if (!known)
    return turn_result{
      attempt_failure{known.error().code, known.error().message, false, {}, 0},
      nullptr};
  note_ = std::move(*known);
  if (note_.so_far)
    tell(*note_.so_far, sink);
  if (!note_.job.is_null())
    return fetch({});
  if (note_.so_far)
    return go_on();
  has_job_ = options_.request.in_background;
  return turn_exchange{options_.request, {}, {}};
}

void model_turn::on_head(unsigned status, std::string_view content_type,
                         std::string_view retry_after) {
  status_ = status;
  retry_after_ = retry_after;
  error_body_.clear();
  if (!succeeded())
    return;
  if (reader_ != nullptr)
    reader_->resume(content_type);
  else
    reader_ = options_.wire->read(reading(content_type));
}

std::optional<turn_step>
model_turn::on_body(std::string_view chunk, const delta_sink& sink) {
  if (!succeeded()) {
    const auto room = error_body_max_bytes - error_body_.size();
    error_body_.append(chunk.substr(0, room));
    return std::nullopt;
  }
  const auto before = reader_->position();
  auto failed = reader_->feed(chunk, placed(sink));
  if (reader_->position() != before)
    losses_ = 0;
  learn_job();
  if (failed)
    return fail(std::move(*failed));
  return std::nullopt;
}

turn_step model_turn::on_end(std::optional<attempt_failure> broken,
                             timestamp now, const delta_sink& sink) {
  if (broken)
    return fail(std::move(*broken));
  if (!succeeded())
    return refused(now);
  auto outcome = reader_->finish(now, placed(sink));
  auto* response = std::get_if<model_response>(&outcome);
  const auto is_suspended
    = response != nullptr && response->state == message_state::suspended;
  const auto is_under_way = is_suspended && !reader_->job().is_null();
  has_job_ = has_job_ || is_under_way;
  learn_job();
  if (response == nullptr)
    return fail(std::move(std::get<attempt_failure>(outcome)));
  if (is_under_way) {
    losses_ = 0;
    return fetch(poll_delay);
  }
  if (note_.so_far)
    *response = merged(std::move(*note_.so_far), std::move(*response));
  if (is_suspended)
    return pause(std::move(*response));
  return turn_result{std::move(*response), nullptr};
}

turn_result model_turn::expire() const {
  return out_of_time("the response was not complete within the time of an "
                     "attempt; raise Durability.model.timeout_seconds");
}

turn_result model_turn::fall_silent() const {
  return out_of_time("nothing was said within the time for the first event; "
                     "raise model_settings.first_event_timeout");
}

turn_result model_turn::out_of_time(std::string_view why) const {
  auto left = note_;
  left.job = nullptr;
  return {
    attempt_failure{errc::model_timeout,
                    options_.identity.model_name + ": " + std::string{why},
                    true,
                    {},
                    0},
    to_json(left)};
}

json model_turn::note() const {
  return to_json(note_);
}

std::optional<json> model_turn::news() {
  if (!std::exchange(is_news_, false))
    return std::nullopt;
  auto known = note();
  return known.is_null() ? std::nullopt : std::optional{std::move(known)};
}

bool model_turn::succeeded() const noexcept {
  return status_ >= 200 && status_ < 300;
}

reading_options model_turn::reading(std::string_view content_type) const {
  return {options_.identity, options_.profile, std::string{content_type},
          options_.make_id};
}

delta_sink model_turn::placed(const delta_sink& sink) const {
  const auto before = note_.so_far ? note_.so_far->parts.size() : 0;
  if (before == 0)
    return sink;
  return [sink, before](response_event event) {
    std::visit(
      [before](auto& x) { x.index += static_cast<std::uint32_t>(before); },
      event);
    sink(event);
  };
}

void model_turn::learn_job() {
  if (!has_job_)
    return;
  if (reader_->has_ended()) {
    note_.job = nullptr;
  } else if (note_.job.is_null()) {
    note_.job = reader_->job();
    is_news_ = is_news_ || !note_.job.is_null();
  }
}

turn_step model_turn::fetch(std::chrono::milliseconds delay) {
  if (++fetches_ > fetches_max && !options_.has_deadline)
    return turn_result{
      attempt_failure{errc::model_timeout,
                      options_.identity.model_name
                        + ": the response is not complete after "
                        + std::to_string(fetches_max)
                        + " requests for it; set "
                          "Durability.model.timeout_seconds to wait longer",
                      false,
                      {},
                      0},
      note()};
  has_job_ = true;
  is_fetch_ = true;
  // A stream is gone on with behind its last event, which must have a number.
  const auto is_new = reader_ == nullptr || reader_->job().is_null();
  const auto position = is_new ? -1 : reader_->position();
  const auto* can_stream = find_value(note_.job, "stream");
  is_streamed_ = can_stream != nullptr && *can_stream == json(true)
                 && !stream_refused_ && losses_ <= 1
                 && (is_new || position >= 0);
  return turn_exchange{
    options_.wire->fetch(options_.settings, note_.job,
                         is_streamed_ ? std::optional{position} : std::nullopt),
    delay,
    {}};
}

turn_step model_turn::go_on() {
  reader_.reset();
  auto next
    = options_.wire->go_on(reading({}), options_.request, *note_.so_far);
  if (!next)
    return turn_result{
      attempt_failure{next.error().code, next.error().message, false, {}, 0},
      nullptr};
  has_job_ = next->in_background;
  is_fetch_ = has_job_;
  is_streamed_ = false;
  return turn_exchange{
    std::move(*next), {}, "/part/" + std::to_string(note_.pauses + 1)};
}

turn_step model_turn::pause(model_response response) {
  if (note_.pauses >= pauses_max)
    return turn_result{bad_response(options_.identity.model_name,
                                    "the model paused its turn more than "
                                      + std::to_string(pauses_max) + " times",
                                    false),
                       nullptr};
  note_.so_far = std::move(response);
  ++note_.pauses;
  is_news_ = true;
  return go_on();
}

turn_step model_turn::fail(attempt_failure reason) {
  if (note_.job.is_null() || !reason.retryable || ++losses_ > losses_max)
    return turn_result{std::move(reason), note()};
  return fetch(std::max(poll_delay, reason.retry_after.value_or(poll_delay)));
}

turn_step model_turn::refused(timestamp now) {
  auto reason = failure_of_status(status_, error_body_, retry_after_,
                                  options_.identity.model_name, now);
  if (is_fetch_ && is_streamed_ && is_about_request(status_)) {
    // The response may be there although its stream is not.
    stream_refused_ = true;
    return fetch({});
  }
  if (is_fetch_ && is_gone(status_)) {
    reason.code = errc::model_job_expired;
    reason.message += " (the provider no longer has the response"
                      + (note_.job.is_null() ? "" : " " + to_text(note_.job))
                      + " that it made in the background; start the run again)";
    reason.retryable = false;
    note_.job = nullptr;
  }
  return fail(std::move(reason));
}

} // namespace perdure::runtime

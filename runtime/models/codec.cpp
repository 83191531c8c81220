#include "runtime/models/anthropic.hpp"
#include "runtime/models/anthropic_pause.hpp"
#include "runtime/models/anthropic_reader.hpp"
#include "runtime/models/google.hpp"
#include "runtime/models/google_reader.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/model.hpp"
#include "runtime/models/openai_chat.hpp"
#include "runtime/models/openai_chat_reader.hpp"
#include "runtime/models/openai_responses.hpp"
#include "runtime/models/openai_responses_reader.hpp"
#include "runtime/models/responses_job.hpp"
#include "runtime/models/wire_error.hpp"

namespace perdure::runtime {

namespace {

template <class Conversation, class Events, parts_builder::ending When>
class wire_codec : public codec {
public:
  [[nodiscard]] std::unique_ptr<conversation>
  converse(conversation_options options) const override {
    return std::make_unique<Conversation>(std::move(options));
  }

  [[nodiscard]] std::unique_ptr<response_reader>
  read(reading_options options) const override {
    return std::make_unique<wire_reader>(std::move(options), When,
                                         std::make_unique<Events>());
  }
};

using chat_codec = wire_codec<chat_conversation, chat_events,
                              parts_builder::ending::on_next_part>;
class responses_codec final
  : public wire_codec<responses_conversation, responses_events,
                      parts_builder::ending::explicit_only> {
public:
  [[nodiscard]] result<wire_request>
  go_on(const reading_options& with, const wire_request& sent,
        const model_response& so_far) const override {
    return find_response(with, sent, so_far);
  }

  [[nodiscard]] wire_request
  fetch(const json& settings, const json& job,
        std::optional<std::int64_t> after) const override {
    return fetch_response(settings, job, after);
  }

  [[nodiscard]] wire_request
  cancel(const json& settings, const json& job) const override {
    return cancel_response(settings, job);
  }
};

class anthropic_codec final
  : public wire_codec<anthropic_conversation, anthropic_events,
                      parts_builder::ending::explicit_only> {
public:
  [[nodiscard]] result<wire_request>
  go_on(const reading_options& with, const wire_request& sent,
        const model_response& so_far) const override {
    return go_on_paused(with, sent, so_far);
  }
};

using google_codec = wire_codec<google_conversation, google_events,
                                parts_builder::ending::on_next_part>;

/// The error in a body, in the shapes that providers and proxies use.
json error_of(std::string_view body) {
  const auto value = parse_or_discard(body);
  if (value.is_discarded())
    return snippet(body);
  const auto& first
    = value.is_array() && !value.empty() ? value.front() : value;
  const auto* error = find_error(first);
  return error == nullptr ? first : *error;
}

} // namespace

result<wire_request>
codec::go_on(const reading_options& with, const wire_request&,
             const model_response&) const {
  return failure{errc::model_bad_response,
                 with.identity.model_name
                   + ": the turn was paused, and this wire format has no way "
                     "to go on with it"};
}

wire_request
codec::fetch(const json&, const json&, std::optional<std::int64_t>) const {
  return {}; // no reader gives a job
}

wire_request codec::cancel(const json&, const json&) const {
  return {}; // no reader gives a job
}

attempt_failure
failure_of_status(unsigned status, std::string_view body,
                  std::string_view retry_after, std::string_view model_name,
                  std::chrono::system_clock::time_point now) {
  auto reason = failure_of_error(error_of(body), {model_name, status, false});
  if (reason.retryable && !retry_after.empty())
    reason.retry_after = parse_retry_after(retry_after, now);
  return reason;
}

std::shared_ptr<const codec> codec_for(std::string_view wire) {
  static const auto chat = std::make_shared<const chat_codec>();
  static const auto responses = std::make_shared<const responses_codec>();
  static const auto anthropic = std::make_shared<const anthropic_codec>();
  if (wire == "openai-chat")
    return chat;
  static const auto google = std::make_shared<const google_codec>();
  if (wire == "anthropic")
    return anthropic;
  if (wire == "google")
    return google;
  if (wire == "openai-responses")
    return responses;
  return nullptr;
}

} // namespace perdure::runtime

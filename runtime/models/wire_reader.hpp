#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/parts.hpp"
#include "runtime/sse_decoder.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace perdure::runtime {

/// What readers of one wire format know of a response so far.
struct response_draft {
  model_identity identity;
  model_profile profile;
  parts_builder parts;
  model_response response;
  /// The provider's word for how the response ended; empty until it is known.
  std::string raw_finish;
  /// Why the model would not answer.
  std::string refusal;
  /// The stream said `[DONE]`.
  bool is_done = false;
  /// The whole body says that the provider still works on the response.
  bool is_pending = false;
};

/// The events of a wire format: what is said where.
class wire_events {
public:
  virtual ~wire_events() = default;

  /// One object of the stream; an error object is not among them.
  virtual std::optional<attempt_failure>
  on_event(response_draft& draft, const json& event, const delta_sink& sink)
    = 0;
  /// A whole body.
  virtual std::optional<attempt_failure>
  on_body(response_draft& draft, const json& body, const delta_sink& sink) = 0;
  /// @returns nullopt when the error stands for a response nevertheless
  virtual std::optional<attempt_failure>
  on_error(response_draft& draft, const json& error, bool is_stream,
           const delta_sink& sink);
  /// The stream is over. @returns why what came is not a response
  virtual std::optional<attempt_failure> on_end(response_draft& draft) = 0;
  /// @returns the meaning of `raw`, `finish_reason::none` when unknown
  [[nodiscard]] virtual finish_reason meaning(std::string_view raw) const = 0;

  // As in `response_reader`.

  [[nodiscard]] virtual json job() const;
  [[nodiscard]] virtual bool has_ended() const;
  [[nodiscard]] virtual std::int64_t position() const;
  virtual void resume();
};

/// Reads a response that is a JSON body or a stream of server-sent events; the
/// first byte decides, since gateways name the wrong type, and where it leaves
/// a doubt the content type.
///
/// Errors: errc::model_http_error for an error inside the response,
///         errc::model_bad_response, errc::payload_too_large. After an error
///         every call returns it again.
class wire_reader final : public response_reader {
public:
  wire_reader(reading_options options, parts_builder::ending when,
              std::unique_ptr<wire_events> events);

  std::optional<attempt_failure>
  feed(std::string_view bytes, const delta_sink& sink) override;
  std::variant<model_response, attempt_failure>
  finish(timestamp now, const delta_sink& sink) override;
  [[nodiscard]] json job() const override;
  [[nodiscard]] bool has_ended() const override;
  [[nodiscard]] std::int64_t position() const override;
  void resume(std::string_view content_type) override;

private:
  enum class body_form { undecided, stream, whole };

  void decide(std::string_view bytes);
  std::optional<attempt_failure> fail(attempt_failure reason);
  std::optional<attempt_failure>
  stream(std::string_view bytes, const delta_sink& sink);
  std::optional<attempt_failure>
  take(const std::vector<sse_event>& events, const delta_sink& sink);
  std::optional<attempt_failure>
  take(const sse_event& event, const delta_sink& sink);
  std::optional<attempt_failure> take_body(const delta_sink& sink);
  std::optional<attempt_failure> complete(const delta_sink& sink);

  response_draft draft_;
  std::unique_ptr<wire_events> events_;
  bool is_stream_type_;
  body_form form_ = body_form::undecided;
  sse_decoder decoder_;
  std::string body_;
  std::size_t streamed_size_ = 0;
  std::optional<attempt_failure> failed_;
};

/// Writes the provider's creation time into `provider_details`.
void note_created(response_draft& draft, const json& seconds);

} // namespace perdure::runtime

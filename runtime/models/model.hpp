#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/messages/message.hpp"
#include "runtime/models/delta.hpp"
#include "runtime/models/profile.hpp"
#include "runtime/policy/task_policy.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::runtime {

/// Text in pieces that are shared, not copied: a conversation's encoded
/// messages stay where they are from request to request.
using text_pieces = std::vector<std::shared_ptr<const std::string>>;

/// One HTTP request to a provider, but for the base URL and the key.
struct wire_request {
  /// Path below the base URL, e.g. `/chat/completions`.
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;
  text_pieces body;
  /// What the agent's settings allow it to take.
  std::optional<std::chrono::milliseconds> timeout;
  /// A `GET` has no body.
  std::string method = "POST";
  /// The provider goes on with its work when the exchange is lost.
  bool in_background = false;
};

/// Names the provider in messages; opaque data goes back only to its own.
struct model_identity {
  /// E.g. `openai`.
  std::string provider_name;
  /// Base URL of the provider, as it is written into responses.
  std::string provider_url;
  /// Model name as sent, e.g. `gpt-4o`.
  std::string model_name;
};

/// What is the same for all requests of a run.
struct conversation_options {
  model_identity identity;
  definition_ptr definition;
  bool stream = true;
  model_profile profile{};
  /// Of the provider's API, e.g. `2023-06-01`; empty for the codec's default.
  std::string api_version{};
};

/// Encodes the requests of one run. What was encoded once is never encoded
/// again: a request costs what is new. Owned by one actor.
class conversation {
public:
  virtual ~conversation() = default;

  /// Adds the next message of the (repaired) history.
  /// Errors: errc::invalid_argument for content that the wire format has no
  /// form for, errc::invalid_message_history; then nothing was added.
  virtual result<unit> add(const message& next) = 0;

  /// The request for everything added so far.
  /// @param instructions in force now; empty for none.
  [[nodiscard]] virtual wire_request
  request(const std::vector<std::string>& instructions)
    = 0;
};

/// Receives what the model says while it is saying it, in order.
using delta_sink = std::function<void(const response_event&)>;

/// Reads one response, whole or streamed, in chunks of any size.
class response_reader {
public:
  virtual ~response_reader() = default;

  /// Takes the next bytes of the body.
  /// Errors: an error object inside the stream, a frame that is not JSON.
  virtual std::optional<attempt_failure>
  feed(std::string_view bytes, const delta_sink& sink) = 0;

  /// The body is over. @param now becomes the response's timestamp.
  /// Errors: errc::model_bad_response, e.g. a stream that ended early
  /// (retryable) or a body of the wrong shape (terminal).
  /// @returns a suspended response without parts when the provider still works
  /// on it: `job` says which one
  virtual std::variant<model_response, attempt_failure>
  finish(timestamp now, const delta_sink& sink) = 0;

  /// What the provider knows the response by; the codec asks for it. Null
  /// before that is known, and on wires where responses cannot be asked for.
  [[nodiscard]] virtual json job() const = 0;

  /// The provider has said how the response ended, well or badly.
  [[nodiscard]] virtual bool has_ended() const = 0;

  /// Number of the last event of the response's stream that was read; -1 for
  /// none, or where events have no numbers.
  [[nodiscard]] virtual std::int64_t position() const = 0;

  /// Another exchange brings what is missing of the response, as further events
  /// or whole. Its parts go on; a failure before is forgotten.
  virtual void resume(std::string_view content_type) = 0;
};

/// What is known of a response before it is read.
struct reading_options {
  model_identity identity;
  model_profile profile{};
  /// Some gateways answer a request for a stream with a whole body.
  std::string content_type{};
  /// Gives the ids that the provider left out.
  std::function<std::string()> make_id{};
};

/// A provider's wire format. Immutable; usable from any thread.
class codec {
public:
  virtual ~codec() = default;

  [[nodiscard]] virtual std::unique_ptr<conversation>
  converse(conversation_options options) const = 0;

  [[nodiscard]] virtual std::unique_ptr<response_reader>
  read(reading_options options) const = 0;

  /// The request that goes on with a turn which the provider paused.
  /// @param sent the first request of the turn
  /// @param so_far what was said in answer to it and to those that went on
  /// Errors: errc::model_bad_response where there is nothing to go on with
  [[nodiscard]] virtual result<wire_request>
  go_on(const reading_options& with, const wire_request& sent,
        const model_response& so_far) const;

  /// Asks for a response that is made in the background.
  /// @param after for a stream, the event that it begins behind; -1 for the
  /// first one. Nothing for the response as it stands.
  /// @pre `job` came from a reader of this codec
  [[nodiscard]] virtual wire_request
  fetch(const json& settings, const json& job,
        std::optional<std::int64_t> after) const;

  /// Ends the work on a response that nobody waits for any more.
  /// @pre `job` came from a reader of this codec
  [[nodiscard]] virtual wire_request
  cancel(const json& settings, const json& job) const;
};

/// The failure that a response with a status other than 2xx stands for: the
/// class from the status, the message from the body where it has one.
attempt_failure
failure_of_status(unsigned status, std::string_view body,
                  std::string_view retry_after, std::string_view model_name,
                  std::chrono::system_clock::time_point now);

/// The names of all wire formats.
inline constexpr auto wire_names = std::to_array<std::string_view>(
  {"openai-chat", "openai-responses", "anthropic", "google"});

/// The codec of a wire format. @returns null for an unknown name
std::shared_ptr<const codec> codec_for(std::string_view wire);

} // namespace perdure::runtime

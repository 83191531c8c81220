#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/turn_note.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace perdure::runtime {

/// An exchange that a turn needs next.
struct turn_exchange {
  wire_request request;
  /// Time to let pass before it.
  std::chrono::milliseconds delay{0};
  /// Behind the idempotency key of the task: requests that say different things
  /// have different keys.
  std::string key_suffix;
};

/// What a turn came to.
struct turn_result {
  std::variant<model_response, attempt_failure> outcome;
  /// What another attempt would go on with; null for nothing.
  json note;
};

using turn_step = std::variant<turn_exchange, turn_result>;

struct turn_options {
  std::shared_ptr<const codec> wire;
  model_identity identity;
  model_profile profile;
  std::function<std::string()> make_id;
  /// Of the agent's model.
  json settings;
  /// What the turn begins with, unless an attempt before it left a note.
  wire_request request;
  json note;
  /// Whoever drives the turn has a limit of time.
  bool has_deadline = false;
};

/// One answer of a model, over as many exchanges as it takes.
///
///     begin --> exchange --the response is complete--> result
///                ^ ^ |
///                | | +--the turn is paused: what was said goes back
///                | +----------+
///                +--the provider still works on the response, or the
///                connection
///                   to it was lost: asked for again by its name
///
/// What goes on with one response reads it into the same parts, so a watcher
/// sees nothing of it. Time and the network are whoever drives it: it tells of
/// each exchange `on_head`, `on_body`, `on_end`, in this order, and leaves an
/// exchange when it gets a step. Not thread-safe; owned by one actor.
///
/// Source: docs/decisions/0012-turns-beyond-one-exchange.md
class model_turn {
public:
  static constexpr std::chrono::milliseconds poll_delay{2'000};
  static constexpr std::uint32_t pauses_max = 10;
  /// Requests for one response, where nobody else has a limit.
  static constexpr std::uint32_t fetches_max = 1'000;
  /// Requests for a response in a row that bring nothing.
  static constexpr std::uint32_t losses_max = 5;

  explicit model_turn(turn_options options);

  /// The first step. Tells what was said before an interruption.
  [[nodiscard]] turn_step begin(const delta_sink& sink);

  void on_head(unsigned status, std::string_view content_type,
               std::string_view retry_after);
  /// @returns nothing while the exchange goes on
  [[nodiscard]] std::optional<turn_step>
  on_body(std::string_view chunk, const delta_sink& sink);
  /// @param broken why the exchange ended before its answer did
  [[nodiscard]] turn_step on_end(std::optional<attempt_failure> broken,
                                 timestamp now, const delta_sink& sink);

  /// The time is over: what the turn comes to then. The provider's work is not
  /// waited for any more.
  [[nodiscard]] turn_result expire() const;

  /// The same when nothing was said within the setting `first_event_timeout`.
  [[nodiscard]] turn_result fall_silent() const;

  /// What another attempt would go on with now; null for nothing.
  [[nodiscard]] json note() const;

  /// `note()`, when it says more than the last time.
  [[nodiscard]] std::optional<json> news();

private:
  [[nodiscard]] bool succeeded() const noexcept;
  [[nodiscard]] turn_result out_of_time(std::string_view why) const;
  [[nodiscard]] reading_options reading(std::string_view content_type) const;
  /// Where the parts of the present segment are in the whole response.
  [[nodiscard]] delta_sink placed(const delta_sink& sink) const;
  void learn_job();
  turn_step fetch(std::chrono::milliseconds delay);
  turn_step go_on();
  turn_step pause(model_response response);
  /// The exchange brought no response.
  turn_step fail(attempt_failure reason);
  /// The provider answered with an error in place of a response.
  turn_step refused(timestamp now);

  turn_options options_;
  turn_note note_;
  std::unique_ptr<response_reader> reader_;
  /// The exchange under way asks for a response by its name.
  bool is_fetch_ = false;
  bool is_streamed_ = false;
  /// The response is known by a name, or will be.
  bool has_job_ = false;
  bool stream_refused_ = false;
  bool is_news_ = false;
  std::uint32_t fetches_ = 0;
  std::uint32_t losses_ = 0;
  unsigned status_ = 0;
  std::string retry_after_;
  std::string error_body_;
};

} // namespace perdure::runtime

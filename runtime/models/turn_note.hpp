#pragma once

#include "runtime/messages/message.hpp"
#include "runtime/result.hpp"

#include <cstdint>
#include <optional>

namespace perdure::runtime {

/// What a model request is remembered by before it has an outcome.
///
/// Shape:  docs/formats.md, "Notes of model requests"
struct turn_note {
  /// The provider's work, as the codec's readers name it; null for none.
  json job;
  /// What was said before the turn was paused for the last time.
  std::optional<model_response> so_far;
  std::uint32_t pauses = 0;
};

/// @returns null when there is nothing to remember
json to_json(const turn_note& note);

/// Whether a note of a task is about work that another system does, so that to
/// ask for it repeats nothing. What goes on behind a pause is a request anew.
[[nodiscard]] bool names_work(const json& note);

/// Errors: errc::internal, errc::invalid_message_history for what another
/// program wrote
result<turn_note> turn_note_from_json(const json& value);

} // namespace perdure::runtime

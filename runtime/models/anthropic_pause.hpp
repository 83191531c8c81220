#pragma once

#include "runtime/models/model.hpp"

namespace perdure::runtime {

/// The request that goes on with a turn of the Messages API which ended with
/// `pause_turn`: `sent`, and behind its messages what was said so far. A
/// container that the provider's code ran in goes with it.
/// @pre `sent` is of an `anthropic_conversation`
/// Errors: errc::model_bad_response when nothing was said that could go back
result<wire_request>
go_on_paused(const reading_options& with, const wire_request& sent,
             const model_response& so_far);

} // namespace perdure::runtime

#pragma once

#include "runtime/models/model.hpp"

/// Responses that OpenAI makes in the background.
///
/// Shape: a job is `{id, stream}`; only a response that was begun as a stream
///        can be streamed again
namespace perdure::runtime {

/// See `codec::fetch`.
wire_request fetch_response(const json& settings, const json& job,
                            std::optional<std::int64_t> after);

/// See `codec::go_on`: a response that was left while it was made in the
/// background is looked for.
result<wire_request>
find_response(const reading_options& with, const wire_request& sent,
              const model_response& so_far);

/// See `codec::cancel`. A response that has ended is not changed by it.
wire_request cancel_response(const json& settings, const json& job);

} // namespace perdure::runtime

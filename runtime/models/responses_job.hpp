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

/// See `codec::cancel`. A response that has ended is not changed by it.
wire_request cancel_response(const json& settings, const json& job);

} // namespace perdure::runtime

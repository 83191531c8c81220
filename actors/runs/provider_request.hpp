#pragma once

#include "actors/services.hpp"

namespace perdure::actors {

/// What a codec wrote as a request to the provider of `binding`, with its key
/// and its headers.
http_request provider_request(const model_binding& binding,
                              const runtime::wire_request& request);

/// Tells the provider that nobody waits any more for the work that a note of a
/// model request is about. Nobody waits for the answer either: it is told once
/// at most, and what it costs when it is not heard is the provider's to say.
/// @param settings of the agent's model
void abandon_work(const services& node, const model_binding& binding,
                  const runtime::json& settings, const runtime::json& note);

} // namespace perdure::actors

#pragma once

#include "runtime/messages/message.hpp"

namespace perdure::runtime {

/// One response out of two that belong to one turn: the parts of both, the sum
/// of what they used, and how the later one ended.
model_response merged(model_response first, model_response next);

} // namespace perdure::runtime

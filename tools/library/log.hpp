#pragma once

#include "actors/services.hpp"
#include "perdure/node.hpp"

namespace perdure::library {

/// Hands lines to `given`; without one, warnings and errors go to standard
/// error.
actors::logger
make_logger(std::function<void(log_level, const std::string&)> given);

} // namespace perdure::library

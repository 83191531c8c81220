#pragma once

#include "actors/services.hpp"
#include "config/node_file.hpp"

namespace perdure::perdured {

/// Writes lines to standard error, as text or as JSON.
actors::logger make_logger(const config::log_options& options);

} // namespace perdure::perdured

#pragma once

#include "runtime/json.hpp"

#include <string>

namespace perdure::client {

/// A message history as a conversation for people. Pure.
std::string history_text(const runtime::json& history);

} // namespace perdure::client

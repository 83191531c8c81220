#pragma once

#include "runtime/models/profile.hpp"

namespace perdure::runtime {

/// Writes into the body of a chat completion what the settings say about
/// thinking, in the words of its provider. What the body holds already stays:
/// the provider's own settings are stronger.
void ask_to_think(json& body, const json& settings,
                  const model_profile& profile);

} // namespace perdure::runtime

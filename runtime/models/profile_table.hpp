#pragma once

#include <string_view>

namespace perdure::runtime {

/// The table of model profiles: a JSON array of rules, applied in order to
/// what a provider and a model's name match. `providers` and `models` are a
/// pattern, or a list of them, with `*` for any letters; left out they match
/// everything. All other keys are members of `model_profile`.
std::string_view profile_table() noexcept;

} // namespace perdure::runtime

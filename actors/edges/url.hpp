#pragma once

#include <optional>
#include <string>

namespace perdure::actors {

/// The URL that `reference`, which may be relative, means in a document at
/// `base`. @returns nothing when either is none
std::optional<std::string>
resolve_url(const std::string& base, const std::string& reference);

/// Whether scheme, host and port are the same.
bool is_same_origin(const std::string& left, const std::string& right);

} // namespace perdure::actors

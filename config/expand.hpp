#pragma once

#include "runtime/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::config {

/// Looks up an environment variable.
using environment = std::function<std::optional<std::string>(std::string_view)>;

/// The environment of this process.
environment process_environment();

/// Replaces `${NAME}` and `${NAME:-default}` (used when the variable is unset
/// or empty); `$${` stands for `${`. What was filled in is not looked at again.
/// Errors: errc::invalid_argument naming the variable or what is malformed
runtime::result<std::string>
expand(std::string_view text, const environment& lookup);

} // namespace perdure::config

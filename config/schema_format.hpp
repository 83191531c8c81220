#pragma once

#include <string_view>

namespace perdure::config {

/// Tells whether a text is of one format.
using format_matcher = bool (*)(std::string_view);

/// The matcher of a `format` of JSON Schema: `date`, `time`, `date-time`,
/// `uuid`, `ipv4`. @returns null for one that is not enforced
format_matcher find_format(std::string_view name) noexcept;

} // namespace perdure::config

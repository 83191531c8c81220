#pragma once

#include "runtime/json.hpp"

#include <string>

namespace perdure::runtime {

/// Appends a text that two values share if and only if they mean the same: the
/// order of keys does not matter, nor whether a number was written as 1, 1.0 or
/// 10e-1. For digests; it is not JSON.
void add_canonical(std::string& out, const json& value);

/// As a string of that text.
void add_canonical(std::string& out, std::string_view text);

} // namespace perdure::runtime

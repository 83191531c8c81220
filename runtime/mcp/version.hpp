#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/steps.hpp"

#include <string>
#include <string_view>

/// The versions of MCP that the client speaks.
namespace perdure::runtime::mcp {

/// `era::unknown` for a version that the client does not speak.
era era_of(std::string_view version) noexcept;

/// @pre `value` is known
std::string_view newest_version(era value) noexcept;

/// The newest version of an array of them that the client speaks; the modern
/// era comes first.
/// @param only the one that it may be; empty: any
/// @returns an empty text when there is none, or `offered` is no array
std::string choose_version(const json& offered, std::string_view only);

/// All of them, for messages to people.
std::string known_versions();

} // namespace perdure::runtime::mcp

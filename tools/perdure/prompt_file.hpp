#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// Files and links that go with a prompt, as content items.
///
/// Source:  docs/formats.md, "Message history"
namespace perdure::client {

/// What `bytes` are, by how they begin, else by the end of `name`.
/// @returns a media type such as `image/png`, `text/plain` for UTF-8 text of
/// any kind, or nothing
std::string media_type_of(std::string_view bytes, std::string_view name);

/// A link for a URL; else the content of a file: text as text, anything else as
/// bytes with their media type.
/// Errors: errc::invalid_argument for a file that cannot be read, is too large,
/// or is of no known kind
runtime::result<runtime::json> prompt_item(const std::string& from);

} // namespace perdure::client

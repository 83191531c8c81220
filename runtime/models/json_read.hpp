#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Reading JSON that another party wrote: a key that is missing, null or of
/// another type is the same as absent.
namespace perdure::runtime {

/// @returns null unless `value` is an object in which `key` is not null
const json* find_value(const json& value, const char* key);
const json* find_object(const json& value, const char* key);
const json* find_array(const json& value, const char* key);
const std::string* find_text(const json& value, const char* key);

/// Like `find_value`, with null in place of what is absent.
json value_or_null(const json& value, const char* key);

/// Like `find_text`, with an empty text in place of null.
std::string_view text_or_empty(const json& value, const char* key);

std::optional<std::int64_t> find_integer(const json& value, const char* key);

/// The value of `text`; discarded when it is not JSON, or nested too deeply to
/// be written or copied (see `parse_json`).
json parse_or_discard(std::string_view text);

/// At most `size_max` bytes of `text` on one line, cut between characters;
/// "..." marks a cut.
std::string snippet(std::string_view text, std::size_t size_max = 300);

} // namespace perdure::runtime

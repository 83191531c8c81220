#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Content items: the files, links and marks between the texts of a prompt or
/// in the result of a tool.
///
/// Shape:   `{"kind": "image-url", "url": ...}`; bytes are URL-safe base64
/// Source:  docs/formats.md, "Message history"
namespace perdure::runtime {

/// Rewrites base64 of either alphabet, padded or not, as URL-safe base64 with
/// padding. @returns nothing when it is not base64
std::optional<std::string> url_safe_base64(std::string_view text);

/// Checks what a user says: a string, or an array of strings and items. Items
/// of an unknown kind pass.
/// @returns what is wrong, beginning with its place; empty when all is well
std::string check_user_content(const json& content, const std::string& place);

/// Checks that `item` is a file or a link to one. @returns as
/// `check_user_content`
std::string check_file_item(const json& item, const std::string& place);

/// Checks that `item` is a `binary` item. @returns as `check_user_content`
std::string check_binary_item(const json& item, const std::string& place);

enum class item_fields { as_they_are, all };

/// Brings the items of a user's content, or of one file, into their written
/// form; `item_fields::all` adds the fields that are absent.
json written_user_content(json content, item_fields fields);

/// Brings the bytes in the result of a tool into their written form; files may
/// be anywhere in it. No fields are added: what looks like a file may be data.
json written_tool_content(json content);

} // namespace perdure::runtime

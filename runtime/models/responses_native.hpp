#pragma once

#include "runtime/models/wire_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Items of the Responses API about tools that the provider runs.
///
/// One item is a call and what came of it; in the history it is a call part, a
/// return part, and a file part for each image.
namespace perdure::runtime {

/// The kind of native tool that an item is about; empty when it is none.
std::string native_kind_of(const json& item);

/// The item begins: the call is seen, its arguments come later.
/// @pre `native_kind_of(item)` is not empty
void begin_native_item(response_draft& draft, const std::string& key,
                       const json& item, const delta_sink& sink);

/// The item is complete. @pre as `begin_native_item`
void take_native_item(response_draft& draft, const std::string& key,
                      const json& item, const delta_sink& sink);

/// The item that tells the provider of a call that it made; null when it has
/// no form.
json native_item_of(const tool_call_part& call);

/// Adds to the call's item, which is among `items`, what came of it.
void finish_native_item(std::vector<json>& items,
                        const builtin_tool_return_part& part);

} // namespace perdure::runtime

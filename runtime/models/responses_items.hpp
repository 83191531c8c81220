#pragma once

#include "runtime/models/wire_reader.hpp"

/// The items of an OpenAI Responses output, whole and piece by piece.
namespace perdure::runtime {

/// An item as it stands once it is complete; adds what its pieces left out.
/// @param key names the item in the response
/// @returns false when the pieces that came cannot be those of this item: they
/// came twice, in another order or with gaps
[[nodiscard]] bool take_item(response_draft& draft, const std::string& key,
                             const json& item, const delta_sink& sink);

/// The item of a summary that the provider made; null when it is not one.
json compaction_item_of(const compaction_part& part);

/// An item begins: its name and id come here, its content later.
void begin_item(response_draft& draft, const std::string& key, const json& item,
                const delta_sink& sink);

/// A piece of an item, by the event's type; other types have no effect.
void take_piece(response_draft& draft, const std::string& key,
                std::string_view type, const json& event,
                const delta_sink& sink);

/// Key of the item that an event of a stream is about.
std::string item_key(const json& event);

} // namespace perdure::runtime

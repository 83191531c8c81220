#pragma once

#include "runtime/messages/message.hpp"

/// JSON of the message history.
///
/// Shape:   an array of messages; `kind` names the message, `part_kind` the
/// part Errors:  errc::invalid_message_history, naming the place
/// (`messages[3].parts[0]`) Source:  docs/formats.md, "Message history"
namespace perdure::runtime {

/// `full` writes every field, nulls and defaults included, as the history's
/// consumers expect. `compact` leaves out what loading restores: the journal's
/// form.
enum class json_style { full, compact };

json to_json(const request_part& part, json_style style = json_style::full);
json to_json(const response_part& part, json_style style = json_style::full);
json to_json(const usage& value, json_style style = json_style::full);
json to_json(const run_usage& value);
json to_json(const message& value, json_style style = json_style::full);
json to_json(const message_history& value, json_style style = json_style::full);

/// Every field except the required content may be missing. Parts of unknown
/// kind become `opaque_part`.
result<message> message_from_json(const json& value);
result<message_history> history_from_json(const json& value);

/// The names on the wire.
std::string_view to_string(finish_reason value) noexcept;
std::string_view to_string(tool_outcome value) noexcept;
std::string_view to_string(message_state value) noexcept;

} // namespace perdure::runtime

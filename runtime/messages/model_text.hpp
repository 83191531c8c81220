#pragma once

#include "runtime/messages/message.hpp"

#include <optional>
#include <string>

/// What a model reads of the parts that are not plain text.
///
/// Source:  docs/formats.md, "Message history"
namespace perdure::runtime {

/// A string as it is, nothing for null, anything else as compact JSON; a
/// failed result as `{"error": text}`, one to be made again as
/// `{"error": content}`.
std::string text_of(const tool_return_part& part);

/// The reasons, then the request to fix them.
std::string text_of(const retry_prompt_part& part);

/// What a user says in the place of a part of a request that this version does
/// not make itself: feedback about an answer that could not be used
/// (`retry-feedback`), a summary of what was before (`compaction`).
/// @returns nothing for parts that have no such words
std::optional<std::string> text_of(const opaque_part& part);

/// The arguments as the text of a JSON object, whatever the model sent. A
/// string that is one goes back to the provider byte for byte; one that is not
/// becomes `{"INVALID_JSON": text}`.
std::string arguments_text(const tool_call_part& part);

} // namespace perdure::runtime

#pragma once

#include "runtime/models/model.hpp"

#include <vector>

/// Content of messages in the form of the Gemini API.
namespace perdure::runtime {

/// One or two contents: results of tools, then all else. System prompts become
/// text in tags: the API has no place for them between contents.
/// Errors: errc::invalid_argument, errc::invalid_message_history
result<std::vector<json>>
contents_of(const std::vector<const request_part*>& parts,
            const model_identity& to);

/// One content, or none for a response without anything to say.
std::vector<json>
contents_of(const model_response& response, const model_identity& to,
            const model_profile& profile);

/// A text as a part.
json google_text(std::string_view text);

} // namespace perdure::runtime

#pragma once

#include "runtime/models/marked_pieces.hpp"

#include <set>
#include <string>
#include <vector>

/// Content of messages in the form of the Anthropic Messages API.
namespace perdure::runtime {

/// What the blocks of a message are made for.
struct block_context {
  const model_identity& to;
  const model_profile& profile;
  /// Beta features that the blocks use are added to it.
  std::set<std::string>& betas;
};

/// The value of `cache_control`. @param ttl `5m` or `1h`
json cache_mark(std::string_view ttl);

/// A text as a block.
content_block text_block(std::string text);

/// Results of tools first, as the API has it. System prompts become text in
/// tags: the API has no place for them between messages.
/// Errors: errc::invalid_argument, errc::invalid_message_history
result<std::vector<content_block>>
blocks_of(const std::vector<const request_part*>& parts,
          const block_context& with);

std::vector<content_block>
blocks_of(const model_response& response, const block_context& with);

} // namespace perdure::runtime

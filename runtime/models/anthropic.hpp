#pragma once

#include "runtime/models/marked_pieces.hpp"
#include "runtime/models/request_plan.hpp"
#include "runtime/models/wire_settings.hpp"

#include <set>

namespace perdure::runtime {

/// Requests to the Anthropic Messages API (`/v1/messages`).
///
/// Thinking goes back with its signature to the provider that signed it, else
/// as text in tags. A provider takes four cache marks: those of tools and
/// instructions first, then the newest of the messages.
///
/// Versions: 2023-06-01 and 2026-10-21; the newer one takes no sampling
///           settings
class anthropic_conversation final : public conversation {
public:
  explicit anthropic_conversation(conversation_options options);

  result<unit> add(const message& next) override;
  wire_request request(const std::vector<std::string>& instructions) override;

private:
  result<unit> add(const model_request& next);
  void add(const model_response& next);
  void encode_opening(const std::vector<std::string>& instructions);

  conversation_options options_;
  request_plan plan_;
  json settings_;
  wire_headers headers_;
  std::set<std::string> betas_;
  std::shared_ptr<const std::string> head_;
  /// System prompts that open the history.
  std::vector<std::string> leading_;
  /// `system` and the opening of `messages`, for the last instructions.
  std::shared_ptr<const std::string> opening_;
  std::vector<std::string> instructions_;
  /// Where the provider's code ran; it may go on there.
  std::string container_;
  marked_pieces messages_;
  /// Marks that `head_` and `opening_` hold.
  std::size_t head_marks_ = 0;
  std::size_t opening_marks_ = 0;
};

} // namespace perdure::runtime

#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/request_plan.hpp"
#include "runtime/models/wire_body.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

/// Requests to Chat Completions (`/chat/completions`).
///
/// Order of the messages: system prompts that open the history, instructions
/// in force, everything else. Thinking goes back in the field that it came in
/// when the provider is the same, else as text in tags.
class chat_conversation final : public conversation {
public:
  explicit chat_conversation(conversation_options options);

  result<unit> add(const message& next) override;
  wire_request request(const std::vector<std::string>& instructions) override;

private:
  result<std::vector<json>> encode(const model_request& request);
  std::vector<json> encode(const model_response& response) const;
  void encode_opening(const std::vector<std::string>& instructions);

  conversation_options options_;
  request_plan plan_;
  wire_headers headers_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::shared_ptr<const std::string> head_;
  std::shared_ptr<const std::string> tail_;
  /// System prompts before anything else.
  std::vector<json> leading_;
  /// `leading_` and the instructions of the last request.
  std::shared_ptr<const std::string> opening_;
  std::vector<std::string> instructions_;
  element_pieces elements_;
};

} // namespace perdure::runtime

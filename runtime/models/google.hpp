#pragma once

#include "runtime/models/request_plan.hpp"
#include "runtime/models/wire_body.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

/// Requests to the Gemini API (`models/{model}:generateContent`).
///
/// Thought signatures go back with the parts that they came with, to the
/// provider that signed them. Results of tools are a content of their own.
class google_conversation final : public conversation {
public:
  explicit google_conversation(conversation_options options);

  result<unit> add(const message& next) override;
  wire_request request(const std::vector<std::string>& instructions) override;

private:
  result<unit> add(const model_request& next);
  void encode_opening(const std::vector<std::string>& instructions);

  conversation_options options_;
  request_plan plan_;
  wire_headers headers_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::string path_;
  std::shared_ptr<const std::string> head_;
  /// Instructions and tools are in the provider's cache already.
  bool is_cached_ = false;
  /// System prompts that open the history.
  std::vector<std::string> leading_;
  /// `systemInstruction` and the opening of `contents`, for the last
  /// instructions.
  std::shared_ptr<const std::string> opening_;
  std::vector<std::string> instructions_;
  element_pieces contents_;
  bool begins_with_user_ = false;
};

} // namespace perdure::runtime

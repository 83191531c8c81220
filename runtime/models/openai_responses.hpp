#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/request_plan.hpp"
#include "runtime/models/wire_body.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

/// Requests to the Responses API (`/responses`).
///
/// The ids of items, and reasoning, which is encrypted, go back only to the
/// provider that made them; reasoning only to a model that reasons, and
/// without it the ids of its neighbours stay out too: the API insists that
/// they come together.
class responses_conversation final : public conversation {
public:
  explicit responses_conversation(conversation_options options);

  result<unit> add(const message& next) override;
  wire_request request(const std::vector<std::string>& instructions) override;

private:
  [[nodiscard]] result<std::vector<json>>
  encode(const model_request& request) const;
  [[nodiscard]] std::vector<json> encode(const model_response& response) const;
  [[nodiscard]] bool is_own(const provider_data& from) const;
  [[nodiscard]] bool sends_reasoning(const model_response& response) const;

  conversation_options options_;
  request_plan plan_;
  bool is_stored_ = true;
  bool sends_ids_;
  bool in_background_ = false;
  wire_headers headers_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::shared_ptr<const std::string> head_;
  std::shared_ptr<const std::string> tail_;
  /// The instructions of the last request, up to the opening of `input`.
  std::shared_ptr<const std::string> opening_;
  std::vector<std::string> instructions_;
  element_pieces elements_;
};

} // namespace perdure::runtime

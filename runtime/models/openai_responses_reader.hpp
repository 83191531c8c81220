#pragma once

#include "runtime/models/wire_reader.hpp"

namespace perdure::runtime {

/// OpenAI Responses. Items that the provider ran by itself (searches and the
/// like) are not parts.
class responses_events final : public wire_events {
public:
  std::optional<attempt_failure>
  on_event(response_draft& draft, const json& event,
           const delta_sink& sink) override;
  std::optional<attempt_failure>
  on_body(response_draft& draft, const json& body,
          const delta_sink& sink) override;
  std::optional<attempt_failure> on_end(response_draft& draft) override;
  [[nodiscard]] finish_reason meaning(std::string_view raw) const override;

private:
  std::optional<attempt_failure>
  take_final(response_draft& draft, const json& response, bool is_stream,
             const delta_sink& sink);
  bool has_ended_ = false;
};

} // namespace perdure::runtime

#pragma once

#include "runtime/models/wire_reader.hpp"

namespace perdure::runtime {

/// Anthropic Messages: a message, or the events by which it grows block by
/// block. A turn that the provider paused is a suspended response.
class anthropic_events final : public wire_events {
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
  void take_head(response_draft& draft, const json& message);
  void take_usage(response_draft& draft, const json& counts);
  void take_stop(response_draft& draft, const json& value);

  /// The counts so far: later ones replace earlier ones.
  json counts_ = json::object();
  bool has_ended_ = false;
};

} // namespace perdure::runtime

#pragma once

#include "runtime/models/wire_reader.hpp"

namespace perdure::runtime {

/// OpenAI Responses. Items that the provider ran by itself (searches and the
/// like) are not parts. A response that is made in the background may come in
/// several exchanges; events that were read before are passed over.
class responses_events final : public wire_events {
public:
  std::optional<attempt_failure>
  on_event(response_draft& draft, const json& event,
           const delta_sink& sink) override;
  std::optional<attempt_failure>
  on_body(response_draft& draft, const json& body,
          const delta_sink& sink) override;
  std::optional<attempt_failure>
  on_error(response_draft& draft, const json& error, bool is_stream,
           const delta_sink& sink) override;
  std::optional<attempt_failure> on_end(response_draft& draft) override;
  [[nodiscard]] finish_reason meaning(std::string_view raw) const override;
  [[nodiscard]] json job() const override;
  [[nodiscard]] bool has_ended() const override;
  [[nodiscard]] std::int64_t position() const override;
  void resume() override;

private:
  /// @returns whether the event was read before
  bool is_known(const json& event);
  void take_job(const response_draft& draft, bool is_stream);
  std::optional<attempt_failure>
  take_final(response_draft& draft, const json& response, bool is_stream,
             const delta_sink& sink);
  /// @returns false when what was read before is not of these items
  bool take_output(response_draft& draft, const json& response,
                   const delta_sink& sink) const;

  bool has_ended_ = false;
  bool is_resumed_ = false;
  /// `{id, stream}` of the response; null until it is known.
  json job_;
  std::int64_t position_ = -1;
};

} // namespace perdure::runtime

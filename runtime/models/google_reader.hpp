#pragma once

#include "runtime/models/wire_reader.hpp"

#include <set>
#include <string>

namespace perdure::runtime {

/// Gemini: a response, or a stream of them that each hold what is new.
class google_events final : public wire_events {
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
  void take_candidate(response_draft& draft, const json& candidate,
                      const delta_sink& sink);
  void
  take_part(response_draft& draft, const json& part, const delta_sink& sink);
  /// Calls of native tools that only metadata tells of.
  void take_uses(response_draft& draft, const json& candidate,
                 const delta_sink& sink);

  /// The prompt was refused: there is no answer.
  bool is_blocked_ = false;
  std::size_t part_count_ = 0;
  /// Id of the code that the provider ran last.
  std::string code_id_;
  bool shows_native_calls_ = false;
  /// Kinds that metadata told of.
  std::set<std::string> seen_uses_;
};

/// Usage of a Gemini response.
usage google_usage(const json& counts);

} // namespace perdure::runtime

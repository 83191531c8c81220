#pragma once

#include "runtime/models/wire_reader.hpp"

#include <map>

namespace perdure::runtime {

/// Chat Completions responses, of OpenAI and of those who speak like it.
class chat_events final : public wire_events {
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

private:
  std::optional<attempt_failure>
  take_choice(response_draft& draft, const json& choice, const json& said,
              const delta_sink& sink);
  void
  take_call(response_draft& draft, const json& call, const delta_sink& sink);
  std::string key_of_call(const json& call);

  bool has_choice_ = false;
  /// Provider's index of a tool call: key of the call that it means now.
  std::map<std::int64_t, std::string> call_keys_;
  /// Key of a tool call: the id that the provider gave it.
  std::map<std::string, std::string> call_ids_;
  std::string last_call_key_;
  std::size_t call_count_ = 0;
};

/// Usage of a Chat Completions response.
usage chat_usage(const json& value);

} // namespace perdure::runtime

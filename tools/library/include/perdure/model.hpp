#pragma once

#include <perdure/json.hpp>
#include <perdure/prompt.hpp>
#include <perdure/usage.hpp>
#include <string>
#include <string_view>

namespace perdure {

/// What a model answered.
struct model_response {
  /// The text of the answer.
  std::string text;
  /// The whole message, as Pydantic AI writes it.
  json message;
  run_usage usage;
};

/// A model by itself: one request, nothing kept.
class model {
public:
  /// @param name `provider:model`
  explicit model(std::string name);

  [[nodiscard]] const std::string& name() const noexcept {
    return name_;
  }

  /// @param settings e.g. `{{"max_tokens", 500}}`
  /// Throws `error`: what the provider says, e.g. `model_http_error`.
  [[nodiscard]] model_response
  request(const prompt& what, const json& message_history = {},
          const json& settings = {}) const;

private:
  std::string name_;
};

} // namespace perdure

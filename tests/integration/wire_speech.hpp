#pragma once

#include "integration/provider_speech.hpp"

namespace perdure::tests {

/// One wire of `provider_speech.hpp`: a row for each.
struct wire_speech {
  std::string_view prefix;
  std::string_view model;
  std::vector<std::string> (*frames)(const std::vector<std::string>& pieces);
  std::string (*body)(const std::string& text);
  std::string (*calls)(const std::string& tool, const std::string& arguments,
                       std::size_t count);
};

extern const wire_speech chat_speech;
extern const wire_speech responses_speech;
extern const wire_speech anthropic_speech;
extern const wire_speech google_speech;

} // namespace perdure::tests

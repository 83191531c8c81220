#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>

/// JSON Schemas in the dialects that providers understand.
namespace perdure::runtime {

enum class schema_dialect : std::uint8_t {
  /// As its author wrote it.
  plain,
  /// OpenAI: strict when nothing is lost by it.
  openai,
  /// Anthropic: strict when it is asked for.
  anthropic,
  /// Gemini: no words that its API trips over.
  gemini,
};

struct told_schema {
  json schema;
  /// Whether the provider is to hold the model to it; absent: not said.
  std::optional<bool> strict;
};

/// `schema` as a provider is told of it.
/// @param strict what its author wants; absent: what the dialect makes of it
told_schema tell_schema(const json& schema, std::optional<bool> strict,
                        schema_dialect dialect);

} // namespace perdure::runtime

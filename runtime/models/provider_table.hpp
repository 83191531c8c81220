#pragma once

#include <span>
#include <string_view>

namespace perdure::runtime {

/// One prefix of a model string and how its provider is reached.
struct provider_entry {
  /// What stands before the first `:`.
  std::string_view prefix;
  /// Name written into responses, e.g. `openai` for `openai-chat`.
  std::string_view provider_name;
  /// Name for `codec_for`.
  std::string_view wire;
  /// Used when neither the node file nor the environment names one.
  std::string_view base_url;
  /// Environment variables; empty for none.
  std::string_view base_url_variable;
  std::string_view api_key_variable;
};

/// All prefixes that this version speaks to over HTTP.
std::span<const provider_entry> provider_table() noexcept;

/// @returns null for an unknown prefix
const provider_entry* find_provider(std::string_view prefix) noexcept;

} // namespace perdure::runtime

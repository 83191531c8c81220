#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perdure::runtime {

/// A header whose value comes from the environment.
struct header_variable {
  std::string_view header;
  std::string_view variable;
};

/// One prefix of a model string and how its provider is reached.
struct provider_entry {
  /// What stands before the first `:`.
  std::string_view prefix;
  /// Name written into responses, e.g. `openai` for `openai-chat`.
  std::string_view provider_name;
  /// Name for `codec_for`.
  std::string_view wire;
  /// Used when neither the node file nor the environment names one; may hold
  /// `${VARIABLE}`. Empty: there is none.
  std::string_view base_url;
  /// Environment variables, the first one that is set counts.
  std::array<std::string_view, 2> api_key_variables{};
  /// Environment variable; empty for none.
  std::string_view base_url_variable{};
  /// See `auth_header`; empty for what the wire format has.
  std::string_view auth{};
  std::string_view api_version{};
  std::string_view api_version_variable{};
  /// Goes in front of the path, and behind it as its query; `{model}` and
  /// `{api_version}` are filled in. Not used with a base URL that ends in
  /// `/v1`: those are laid out like OpenAI's.
  std::string_view path_prefix{};
  std::string_view query{};
  std::array<header_variable, 2> headers{};
};

/// All prefixes that this version speaks to over HTTP.
std::span<const provider_entry> provider_table() noexcept;

/// @returns null for an unknown prefix
const provider_entry* find_provider(std::string_view prefix) noexcept;

/// How a wire format wants to be shown the key; see `auth_header`.
std::string_view
default_auth(std::string_view wire, std::string_view api_version) noexcept;

/// The header that shows `key`.
/// @param auth `bearer` for `Authorization: Bearer KEY`, else a header's name
std::pair<std::string, std::string>
auth_header(std::string_view auth, std::string_view key);

} // namespace perdure::runtime

#pragma once

#include "runtime/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::client {

/// Value of an environment variable; nothing when it is not set or empty.
using environment
  = std::function<std::optional<std::string>(const std::string& name)>;

environment process_environment();

/// Which node to talk to, and as whom.
struct connection_settings {
  /// Scheme, host and port; no slash at the end.
  std::string url;
  bool is_loopback = false;
  /// Empty when none was found.
  std::string token;
  /// Where a token was looked for, one place per line; for the message.
  std::string token_places;
  /// What a command for the same node needs besides its own words, e.g.
  /// ` --url http://host:7437`.
  std::string repeat_options;
};

/// @param url,token_file from the command line; empty when not given
/// Errors: errc::invalid_argument
runtime::result<connection_settings>
find_node(const std::string& url, const std::string& token_file,
          const environment& env);

} // namespace perdure::client

#pragma once

#include "runtime/result.hpp"
#include "tools/perdure/connection_settings.hpp"

#include <string>

namespace perdure::client {

struct found_token {
  /// Empty when there is none.
  std::string token;
  /// Where it was looked for, one place per line.
  std::string places;
};

/// The token for the node: of `file` when that is given, else of
/// PERDURE_TOKEN, else of the `admin.token` in the data directory of a node on
/// this machine. The token of such a node is offered to no other machine,
/// unless PERDURE_DATA_DIR names it.
/// Errors: errc::invalid_argument for a file that cannot be read, or that
/// holds no token
runtime::result<found_token>
find_token(const std::string& file, bool is_loopback, const environment& env);

/// The content of a file of at most `size_max` bytes.
/// Errors: errc::invalid_argument, saying why
runtime::result<std::string>
read_file(const std::string& path, std::size_t size_max);

} // namespace perdure::client

#pragma once

#include "runtime/json.hpp"
#include "tools/perdure/arguments.hpp"

#include <functional>
#include <string>

namespace perdure::client {

/// The body of `POST /v1/runs`.
/// @param read_input gives all of standard input
/// Errors: errc::invalid_argument, naming the option
runtime::result<runtime::json> make_run_request(
  const run_arguments& from,
  const std::function<runtime::result<std::string>()>& read_input);

/// The idempotency key: what `--id` says, or one that nobody else has.
/// Errors: errc::invalid_argument
runtime::result<std::string> make_key(const run_arguments& from);

} // namespace perdure::client

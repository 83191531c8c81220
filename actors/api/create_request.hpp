#pragma once

#include "actors/services.hpp"
#include "runtime/flow/entry.hpp"

#include <string>

namespace perdure::actors {

/// A checked `POST /v1/runs`.
struct create_request {
  runtime::run_created entry;
  runtime::definition_ptr definition;
  /// SHA-256 of the body, whatever the order of its keys; empty without a key.
  std::string digest;
};

/// Checks the body of `POST /v1/runs` against the agents of this node.
/// Errors: errc::invalid_argument, errc::unknown_agent, errc::unknown_model,
/// errc::missing_api_key, errc::invalid_message_history.
runtime::result<create_request>
parse_create(const services& node, const std::string& body,
             const std::string& key);
runtime::result<create_request>
parse_create(const services& node, const runtime::json& body,
             const std::string& key);

} // namespace perdure::actors

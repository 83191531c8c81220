#pragma once

#include <cstdint>
#include <perdure/json.hpp>
#include <perdure/value.hpp>
#include <stop_token>
#include <string>

namespace perdure {

/// What a function of the program knows of the run that it serves.
struct run_context {
  std::string run_id;
  std::string agent;
  /// Empty for a function that checks an output.
  std::string tool_name;
  std::string tool_call_id;
  /// The same for every attempt at this work: hand it on to whatever must not
  /// do it twice.
  std::string idempotency_key;
  /// Counted from 1. A second attempt follows a failure or a crash.
  std::uint32_t attempt = 1;
  /// Times the model was asked to try again in the steps right before.
  std::uint32_t retry = 0;
  /// A person has allowed this call, and said this.
  bool is_approved = false;
  json approval_metadata;
  /// Of the run; null for none.
  json deps;
  json metadata;
  /// Says when nobody waits for the result any more: the attempt took too long,
  /// its run was cancelled, or the node stops.
  std::stop_token stop;

  /// Throws `invalid_value`.
  template <class T>
  [[nodiscard]] T deps_as() const {
    return decode<T>(deps);
  }
};

} // namespace perdure

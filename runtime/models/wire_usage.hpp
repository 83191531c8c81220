#pragma once

#include "runtime/messages/message.hpp"

namespace perdure::runtime {

/// Names of the counts in a wire format's usage object.
struct usage_names {
  const char* input;
  const char* output;
  const char* input_details;
  const char* output_details;
};

/// Reads a usage object. Counts that have no field of their own are details;
/// what is not a count is left out.
usage usage_of(const json& value, const usage_names& names);

} // namespace perdure::runtime

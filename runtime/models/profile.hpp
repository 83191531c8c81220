#pragma once

#include "runtime/agent/output.hpp"

#include <string_view>

namespace perdure::runtime {

/// What a model can do, as far as requests to it depend on it. Data, looked up
/// by provider and model name.
struct model_profile {
  /// Meaning of `output_mode::automatic`.
  output_mode default_output = output_mode::tool;
  /// A response format with a JSON Schema.
  bool supports_json_schema = true;
  /// A response format for any JSON object.
  bool supports_json_object = true;
  /// The schema must be in the instructions besides the response format.
  bool wants_schema_in_instructions = false;
  /// It can be told to call one of its tools.
  bool supports_required_choice = true;
};

/// @param provider_name as in `model_identity`
model_profile
profile_of(std::string_view provider_name, std::string_view model_name);

/// @param model a model string, `provider:model`
model_profile profile_of_model(std::string_view model);

} // namespace perdure::runtime

#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/models/profile.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perdure::runtime {

/// A tool as a model is told of it.
struct wire_tool {
  std::string name;
  std::string description;
  /// Schema of an object.
  json parameters;
  std::optional<bool> strict;
  /// Schema of what it returns, where the model has a field for that; null for
  /// none.
  json returns;
};

/// Whether the model may or must call a tool.
enum class tool_choice {
  /// As it likes.
  automatic,
  /// It must not, though they are described.
  none,
  /// It must call one.
  required,
};

/// What every request of a run asks of one model, in terms that all wire
/// formats share: tools, and the form of the output.
struct request_plan {
  /// Meaningless for text output.
  output_mode mode = output_mode::tool;
  /// Function tools, then output tools; those that the setting `tool_choice`
  /// rules out are not among them.
  std::vector<wire_tool> tools;
  tool_choice choice = tool_choice::automatic;
  /// Native mode, or prompted mode where the model can be held to JSON.
  std::optional<output_format> format;
  /// The format stands for any JSON object: its schema is in the instructions.
  bool any_object = false;
  /// Goes behind the agent's instructions; empty for none.
  std::string instructions;
};

/// The form in which a model is asked for the output of `definition`. A model
/// that cannot be made to call a tool while it thinks is asked in another way.
output_mode output_mode_for(const agent_definition& definition,
                            const model_profile& profile) noexcept;

/// Errors: errc::invalid_argument when the model has no such form of output.
result<unit>
check_output(const agent_definition& definition, const model_profile& profile,
             std::string_view model_name);

request_plan
plan_requests(const agent_definition& definition, const model_profile& profile);

} // namespace perdure::runtime

#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/models/native_forms.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

/// The tools that providers run, in the terms of each wire format.
namespace perdure::runtime {

/// Whether the model's provider has a tool of this kind.
bool has_native_tool(std::string_view kind, const native_target& target);

/// The form of `tool`. @pre the provider has it
/// Errors: errc::invalid_argument when it cannot be held to one of the options
/// that restrict it, or an option has no value there.
result<native_form>
native_form_of(const native_tool& tool, const native_target& target,
               const json& settings);

/// Those of the agent's native tools that a request to this model names; where
/// the output may be an image, what makes images is among them.
/// @pre `check_native_tools` found nothing
std::vector<native_tool> usable_native_tools(const agent_definition& definition,
                                             const native_target& target);

/// Errors: errc::invalid_argument, naming the model and the tool, when the
/// provider lacks one that is not optional, or cannot be asked for it so, and
/// when the output may be an image and the model makes none.
result<unit>
check_native_tools(const agent_definition& definition,
                   const native_target& target, std::string_view model_name);

/// Writes into `body` the native tools that a request to this model names.
/// @param betas gets the beta features that it must name
void add_native_tools(json& body, std::set<std::string>& betas,
                      const agent_definition& definition,
                      const native_target& target);

} // namespace perdure::runtime

#pragma once

#include "runtime/agent/definition.hpp"

/// The definition in force: once its servers have listed their tools, a run
/// goes by the deployed definition and those tools, and nothing has to know
/// where a tool came from.
namespace perdure::runtime {

/// `base` with the tools of its servers, under their prefixes, rules and
/// policies. A tool whose schema does not compile is not checked here; its
/// server does that.
/// @param lists one for each server, in the same order
/// Errors: errc::invalid_agent_file for two tools of one name
result<definition_ptr>
join_tools(const agent_definition& base, const std::vector<tool_listing>& lists,
           const schema_compiler& compile);

/// The same, the way that `base` was loaded with.
result<definition_ptr>
definition_in_force(const agent_definition& base,
                    const std::vector<tool_listing>& lists);

} // namespace perdure::runtime

#pragma once

#include "runtime/agent/definition.hpp"

namespace perdure::runtime {

/// The stored form of a definition: every field that differs from its default,
/// keys in a fixed order, so that equal definitions have equal text.
json to_json(const agent_definition& definition);

/// Reads what `to_json` wrote and compiles the tools' schemas.
/// @param join how it is joined with the tools of its servers
/// Errors: errc::storage_corrupt, errc::unsupported_schema.
result<definition_ptr>
definition_from_json(const json& value, const schema_compiler& compile,
                     toolset_joiner join = {});

} // namespace perdure::runtime

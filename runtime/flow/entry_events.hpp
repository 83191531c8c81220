#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/flow/entry.hpp"

#include <cstdint>
#include <set>
#include <vector>

/// What one entry of a run's journal is to a watcher.
///
/// Shape:   docs/formats.md, "Events"
namespace perdure::runtime {

/// In the order of their numbers; null for an event that is left out.
/// @param seen parts of a response that the watcher saw grow
std::vector<json>
entry_events(const agent_definition& definition, const entry& value,
             const std::set<std::uint32_t>& seen);

/// The event that says that with this part the output begins, or null.
json final_result_of(const agent_definition& definition,
                     const response_part& part);

} // namespace perdure::runtime

#pragma once

#include "config/agent_reader.hpp"

namespace perdure::config {

/// Reads the list of capabilities, in all of its forms, into `draft`.
void read_capabilities(const file_place& list, const reading& with,
                       agent_draft& draft);

// -- one for each capability; `place` holds its named arguments ---------------

void read_command(const file_place& place, const reading& with,
                  agent_draft& draft);
/// @pre all tools were read
void read_durability(const file_place& place, const reading& with,
                     agent_draft& draft);
/// @pre all tools were read
void read_tool_metadata(const file_place& place, const reading& with,
                        agent_draft& draft);
void read_limits(const file_place& place, const reading& with,
                 agent_draft& draft);
/// @pre all tools were read
void read_approval(const file_place& place, const reading& with,
                   agent_draft& draft);
void read_external(const file_place& place, const reading& with,
                   agent_draft& draft);
/// @param is_positional `place` is its one argument
void read_deferred(const file_place& place, bool is_positional,
                   const reading& with, agent_draft& draft);
void read_fallback(const file_place& place, const reading& with,
                   agent_draft& draft);

} // namespace perdure::config

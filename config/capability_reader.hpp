#pragma once

#include "config/agent_reader.hpp"

namespace perdure::config {

/// Reads the list of capabilities, in all of its forms, into `draft`.
void read_capabilities(const file_place& list, const reading& with,
                       agent_draft& draft);

// -- one for each capability; `place` holds its named arguments ---------------

void read_command(const file_place& place, const reading& with,
                  agent_draft& draft);
void read_event_handler(const file_place& place, const reading& with,
                        agent_draft& draft);
/// Adds one server, or those of a file.
void read_mcp(const file_place& place, const reading& with, agent_draft& draft);
/// @pre all tools and event handlers were read
void read_durability(const file_place& place, const reading& with,
                     agent_draft& draft);
/// @pre all tools were read
void read_tool_metadata(const file_place& place, const reading& with,
                        agent_draft& draft);
void read_output(const file_place& place, const reading& with,
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

/// `ReinjectSystemPrompt`. @param is_positional `place` is its one argument
void read_system_prompts(const file_place& place, bool is_positional,
                         const reading& with, agent_draft& draft);
/// `IncludeToolReturnSchemas`. @pre all tools were read
/// @param is_positional `place` is its one argument
void read_return_schemas(const file_place& place, bool is_positional,
                         const reading& with, agent_draft& draft);
void read_openai_compaction(const file_place& place, const reading& with,
                            agent_draft& draft);
void read_anthropic_compaction(const file_place& place, const reading& with,
                               agent_draft& draft);

/// @pre all tools were read
void read_native_tool(const file_place& place, const reading& with,
                      agent_draft& draft);
/// @param kind of the native tool that the capability stands for
void read_native_capability(std::string_view kind, const file_place& place,
                            const reading& with, agent_draft& draft);
/// Whether the agent's models have the native tools. @param place the list
void check_native_tools(const file_place& place, const reading& with,
                        const agent_draft& draft);

// -- what several of them have ------------------------------------------------

/// The program that `argv`, `env`, `cwd` and `max_output_bytes` describe.
runtime::command_tool
read_program(const field_reader& fields, const agent_draft& draft);

/// A text that stays as it is written: what `${NAME}` stands for is filled in
/// when it is used, and never stored.
std::optional<std::string>
read_late_text(const field_reader& fields, const file_place& place);

} // namespace perdure::config

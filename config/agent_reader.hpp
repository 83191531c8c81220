#pragma once

#include "config/field_reader.hpp"
#include "runtime/agent/definition.hpp"

#include <filesystem>
#include <map>

namespace perdure::config {

/// An agent while its file is read.
struct agent_draft {
  runtime::agent_definition definition;
  /// What relative paths start from.
  std::filesystem::path folder;
  std::optional<std::chrono::milliseconds> tool_timeout;
  /// Of the tools that are read: what PrefixTools says.
  std::string prefix;
  /// Where each tool stands in the file, by name.
  std::map<std::string, file_place> tools;
};

/// Reads the fields of an agent file into `draft`.
void read_agent(const file_place& root, const reading& with,
                agent_draft& draft);

/// The model string at `place`; adds a problem when it is none.
std::optional<std::string>
read_model_name(const file_place& place, const reading& with,
                const agent_draft& draft);

/// Reads the field `output_schema`.
void read_output_schema(const field_reader& fields, const reading& with,
                        agent_draft& draft);

/// `path`, or where it is when it is relative to the file's folder.
std::string resolve_path(const agent_draft& draft, const std::string& path);

} // namespace perdure::config

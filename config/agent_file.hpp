#pragma once

#include "config/expand.hpp"
#include "runtime/agent/definition.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

/// An agent that an agent file describes.
struct loaded_agent {
  /// Ready to run: schemas compiled, task settings merged, paths resolved.
  runtime::agent_definition definition;
  std::string file;
  /// What the file says and this version does not do, as lines for a person.
  std::vector<std::string> warnings;
};

enum class agent_format : std::uint8_t { yaml, json };

/// Loads agent files. A path may be a folder: then all `*.yaml`, `*.yml` and
/// `*.json` files in it (but for `*_schema.json`), sorted by name.
///
/// Source:  docs/agent-files.md
/// Errors:  errc::invalid_agent_file with every problem of every file, one per
///          line: `file:line:column: path: problem`
runtime::result<std::vector<loaded_agent>>
load_agents(const std::vector<std::filesystem::path>& paths,
            const environment& lookup);

/// Loads one agent from text.
/// @param file_name gives the agent its name if it has none, stands in
/// messages, and its folder is what relative paths start from
runtime::result<loaded_agent>
load_agent_text(std::string_view text, agent_format format,
                const std::string& file_name, const environment& lookup);

} // namespace perdure::config

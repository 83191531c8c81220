#include "config/agent_file.hpp"

#include "config/agent_reader.hpp"
#include "config/text_file.hpp"

#include <algorithm>
#include <map>
#include <system_error>

namespace perdure::config {

namespace {

namespace fs = std::filesystem;

runtime::failure invalid(const std::string& file, const std::string& message) {
  return {runtime::errc::invalid_agent_file, file + ": " + message};
}

bool is_agent_file(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml"
         || (extension == ".json"
             && !path.filename().string().ends_with("_schema.json"));
}

/// The agent files of a folder, sorted.
runtime::result<std::vector<fs::path>> list_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::directory_iterator entry{folder, error};
  for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    std::error_code ignored;
    if (is_agent_file(entry->path()) && entry->is_regular_file(ignored))
      files.push_back(entry->path());
  }
  if (error)
    return invalid(folder.string(), "cannot be listed: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

runtime::result<loaded_agent>
load_file(const fs::path& file, const environment& lookup) {
  const auto extension = file.extension();
  if (extension != ".yaml" && extension != ".yml" && extension != ".json")
    return invalid(file.string(), "an agent file ends in .yaml, .yml or .json");
  const auto text = read_text_file(file);
  if (!text)
    return invalid(file.string(), text.error().message);
  const auto format
    = extension == ".json" ? agent_format::json : agent_format::yaml;
  return load_agent_text(*text, format, file.string(), lookup);
}

} // namespace

runtime::result<std::vector<loaded_agent>>
load_agents(const std::vector<fs::path>& paths, const environment& lookup) {
  std::vector<loaded_agent> agents;
  std::map<std::string, std::string> files_by_name;
  std::string problems;
  const auto note = [&](const runtime::failure& reason) {
    problems += (problems.empty() ? "" : "\n") + reason.message;
  };
  for (const auto& path : paths) {
    std::vector<fs::path> files{path};
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
      auto listed = list_folder(path);
      if (!listed) {
        note(listed.error());
        continue;
      }
      files = std::move(*listed);
    }
    for (const auto& file : files) {
      auto agent = load_file(file, lookup);
      if (!agent) {
        note(agent.error());
        continue;
      }
      const auto& name = agent->definition.name;
      const auto [other, is_new] = files_by_name.emplace(name, agent->file);
      if (is_new)
        agents.push_back(std::move(*agent));
      else
        note(invalid(agent->file, "the agent '" + name + "' is already in "
                                    + other->second));
    }
  }
  if (!problems.empty())
    return runtime::failure{runtime::errc::invalid_agent_file,
                            std::move(problems)};
  return agents;
}

runtime::result<loaded_agent>
load_agent_text(std::string_view text, agent_format format,
                const std::string& file_name, const environment& lookup) {
  file_problems problems{file_name};
  const auto parsed = parse_document(text, format == agent_format::json
                                             ? document_format::json
                                             : document_format::yaml);
  if (const auto* problem = std::get_if<document_problem>(&parsed)) {
    problems.add(problem->position, "", problem->message);
    return problems.to_failure(runtime::errc::invalid_agent_file);
  }
  const fs::path path{file_name};
  agent_draft draft;
  draft.folder = path.parent_path();
  draft.definition.name = path.stem().string();
  const auto& root = std::get<document>(parsed);
  read_agent({&root, ""}, {problems, lookup}, draft);
  if (!problems.empty())
    return problems.to_failure(runtime::errc::invalid_agent_file);
  return loaded_agent{std::move(draft.definition), file_name,
                      problems.warnings()};
}

} // namespace perdure::config

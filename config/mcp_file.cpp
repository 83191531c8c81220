#include "config/mcp_file.hpp"

#include "config/mcp_server_reader.hpp"
#include "config/text_file.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

/// The entry without the keys of other clients, which are told of.
document known_part(const file_place& place, const reading& with) {
  const auto keys = mcp_server_keys();
  auto out = *place.node;
  std::erase_if(out.members, [&](const auto& member) {
    const auto is_known
      = member.key == "disabled"
        || std::find(keys.begin(), keys.end(), member.key) != keys.end();
    if (!is_known)
      with.problems.warn(member.position,
                         place.at(member.key, member.value).path,
                         "is not read");
    return !is_known;
  });
  return out;
}

void read_entry(const file_place& place, const std::string& name,
                const reading& with, const std::filesystem::path& folder,
                mcp_file& out) {
  if (place.node->type != document::kind::object)
    return with.problems.add(place.node->position, place.path,
                             "must be an object");
  auto known = known_part(place, with);
  std::erase_if(known.members,
                [](const auto& member) { return member.key == "disabled"; });
  const field_reader fields{{&known, place.path}, with, mcp_server_keys()};
  runtime::mcp::server_options server;
  server.id = name;
  server.prefix = name;
  read_mcp_server(fields, with, folder, unset_variables::refused, server);
  out.servers.push_back(std::move(server));
}

bool is_disabled(const document& entry) {
  const auto* disabled
    = entry.type == document::kind::object ? entry.find("disabled") : nullptr;
  return disabled != nullptr && disabled->scalar == true;
}

} // namespace

runtime::result<mcp_file>
load_mcp_file(const std::filesystem::path& file, const environment& lookup) {
  const auto text = read_text_file(file);
  if (!text)
    return runtime::failure{runtime::errc::invalid_agent_file,
                            file.string() + ": " + text.error().message};
  return load_mcp_text(*text, file.string(), lookup);
}

runtime::result<mcp_file>
load_mcp_text(std::string_view text, const std::string& file_name,
              const environment& lookup) {
  file_problems problems{file_name};
  const auto parsed = parse_document(text, document_format::json_with_comments);
  if (const auto* problem = std::get_if<document_problem>(&parsed)) {
    problems.add(problem->position, "", problem->message);
    return problems.to_failure(runtime::errc::invalid_agent_file);
  }
  mcp_file out;
  const reading with{problems, lookup};
  const file_place root{&std::get<document>(parsed), ""};
  const auto* servers = root.node->type == document::kind::object
                          ? root.node->find("mcpServers")
                          : nullptr;
  if (servers == nullptr || servers->type != document::kind::object) {
    problems.add(root.node->position, "",
                 "must be an object with an object 'mcpServers'");
    return problems.to_failure(runtime::errc::invalid_agent_file);
  }
  const auto folder = std::filesystem::path{file_name}.parent_path();
  const auto list = root.at("mcpServers", *servers);
  for (const auto& member : servers->members)
    if (!is_disabled(member.value))
      read_entry(list.at(member.key, member.value), member.key, with, folder,
                 out);
  if (!problems.empty())
    return problems.to_failure(runtime::errc::invalid_agent_file);
  out.warnings = problems.warnings();
  return out;
}

} // namespace perdure::config

#include "config/capability_reader.hpp"
#include "config/mcp_file.hpp"
#include "config/mcp_server_reader.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

using runtime::mcp::server_options;

bool is_server_id(std::string_view id) {
  constexpr std::size_t size_max = 64;
  return !id.empty() && id.size() <= size_max
         && std::all_of(id.begin(), id.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '_' || c == '-'
                     || c == '.';
            });
}

/// Adds the server to the agent, below the prefix that it stands in.
void add_server(const field_reader& fields, server_options server,
                agent_draft& draft) {
  auto& all = draft.definition.mcp_servers;
  if (!is_server_id(server.id))
    return fields.add("the id '" + server.id
                      + "' of the server must have 1 to 64 letters, digits, "
                        "'_', '-' or '.'");
  if (std::any_of(all.begin(), all.end(),
                  [&](const auto& other) { return other.id == server.id; }))
    return fields.add("another MCP server has the id '" + server.id + "'");
  if (!draft.prefix.empty())
    server.prefix = server.prefix.empty() ? draft.prefix
                                          : draft.prefix + '_' + server.prefix;
  all.push_back(std::move(server));
}

/// `{file, servers}`: what an mcpServers file holds, or some of it.
void read_from_file(const field_reader& fields, const reading& with,
                    agent_draft& draft) {
  const auto place = *fields.find("file");
  const auto name = fields.text("file");
  if (!name)
    return;
  for (const auto& member : fields.place().node->members)
    if (member.key != "file" && member.key != "servers")
      fields.add(fields.place().at(member.key, member.value),
                 "belongs into the file");
  auto loaded = load_mcp_file(resolve_path(draft, *name), with.lookup);
  if (!loaded)
    return fields.add(place, loaded.error().message);
  for (const auto& warning : loaded->warnings)
    with.problems.warn(place.node->position, place.path, warning);
  const auto wanted = fields.texts("servers");
  for (const auto& id : wanted.value_or(std::vector<std::string>{}))
    if (std::none_of(loaded->servers.begin(), loaded->servers.end(),
                     [&](const auto& server) { return server.id == id; }))
      fields.add(*fields.find("servers"),
                 "the file has no server '" + id + "'");
  for (auto& server : loaded->servers)
    if (!wanted
        || std::find(wanted->begin(), wanted->end(), server.id)
             != wanted->end())
      add_server(fields, std::move(server), draft);
}

/// Who talks to the server. A provider cannot yet.
void check_side(const field_reader& fields) {
  if (const auto native = fields.find("native");
      native && fields.boolean("native").value_or(false))
    fields.add(*native, "is not supported by this version: the node itself "
                        "talks to MCP servers");
  if (const auto local = fields.find("local");
      local && !fields.boolean("local").value_or(true))
    fields.add(*local, "must be true: nobody would talk to the server");
  if (const auto defer = fields.find("defer_loading");
      defer && fields.boolean("defer_loading").value_or(false))
    fields.add(*defer, "is not supported by this version");
}

std::vector<std::string_view> keys_of_capability() {
  const auto shared = mcp_server_keys();
  std::vector<std::string_view> out{shared.begin(), shared.end()};
  for (const auto* key :
       {"id", "file", "servers", "native", "local", "defer_loading"})
    out.push_back(key);
  return out;
}

} // namespace

void read_mcp(const file_place& place, const reading& with,
              agent_draft& draft) {
  const field_reader fields{place, with, keys_of_capability()};
  if (fields.find("file"))
    return read_from_file(fields, with, draft);
  if (const auto servers = fields.find("servers"))
    fields.add(*servers, "belongs to a 'file'");
  check_side(fields);
  server_options server;
  // Somebody who names one server wants to hear what it has to say.
  server.include_instructions = true;
  read_mcp_server(fields, with, draft.folder, unset_variables::accepted,
                  server);
  server.id = fields.text("id").value_or(mcp_id_of_url(server.url));
  if (server.id.empty())
    return fields.add("'id' is missing");
  add_server(fields, std::move(server), draft);
}

} // namespace perdure::config

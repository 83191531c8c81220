#include "tools/hosting/node_setup.hpp"

#include "config/agent_file.hpp"
#include "config/schema_compiler.hpp"
#include "config/template.hpp"
#include "storage/lmdb/lmdb_journal.hpp"
#include "tools/hosting/address.hpp"
#include "tools/hosting/token.hpp"

#include <filesystem>
#include <utility>

namespace perdure::hosting {

namespace {

using runtime::result;
using runtime::unit;

result<unit> add_api(const config::node_file& file, actors::node_options& out) {
  auto address = parse_address(file.listen);
  if (!address)
    return address.error();
  out.http.emplace();
  out.http->host = address->host;
  out.http->port = address->port;
  out.http->body_max_bytes = file.limits.request_body_max_bytes;
  return runtime::ok();
}

result<unit>
add_agents(const config::node_file& file,
           const config::environment& environment, actors::node_options& out) {
  auto agents = config::load_agents({file.agents.begin(), file.agents.end()},
                                    environment);
  if (!agents)
    return agents.error();
  for (auto& agent : *agents) {
    for (const auto& warning : agent.warnings)
      out.log(actors::log_level::warning, warning);
    out.agents.push_back({std::move(agent.definition), {}});
  }
  return runtime::ok();
}

result<unit>
add_journal(const config::node_file& file, actors::node_options& out) {
  storage::lmdb_options store;
  store.directory = file.data_dir;
  store.max_size_bytes = file.limits.journal_bytes_max;
  auto journal = storage::open_lmdb_journal(store);
  if (!journal)
    return journal.error();
  out.journal = std::move(*journal);
  return runtime::ok();
}

} // namespace

std::map<std::string, actors::provider_settings>
providers_of(const config::node_file& file,
             const config::environment& environment) {
  std::map<std::string, actors::provider_settings> out;
  for (auto& [prefix, from] : config::resolve_providers(file, environment)) {
    actors::provider_settings to;
    to.provider_name = from.provider_name;
    to.wire = from.wire;
    to.base_url = from.base_url;
    to.base_url_variable = from.base_url_variable;
    to.api_key = from.api_key;
    to.api_key_variable = from.api_key_variable;
    to.auth = from.auth;
    to.api_version = from.api_version;
    to.path_prefix = from.path_prefix;
    to.query = from.query;
    to.stream = from.stream;
    to.headers.assign(from.headers.begin(), from.headers.end());
    out.emplace(prefix, std::move(to));
  }
  return out;
}

actors::node_options base_options(const config::node_file& file,
                                  const config::environment& environment,
                                  const actors::logger& log) {
  actors::node_options out;
  out.log = log;
  out.providers = providers_of(file, environment);
  actors::curl_options client;
  client.ca_file = file.tls.ca_file.empty()
                     ? environment("SSL_CERT_FILE").value_or("")
                     : file.tls.ca_file;
  out.client = actors::make_curl_http_client(std::move(client));
  out.language = {config::compile_schema, config::render};
  out.environment = environment;
  out.expand = [environment](std::string_view text) {
    return config::expand(text, environment);
  };
  out.runs.active_runs_max = file.limits.active_runs_max;
  out.runs.queued_runs_max = file.limits.queued_runs_max;
  out.runs.park_after = file.limits.park_after;
  return out;
}

result<actors::node_options>
node_options_of(const config::node_file& file,
                const config::environment& environment,
                const actors::logger& log) {
  auto out = base_options(file, environment, log);
  if (!file.listen.empty())
    if (auto added = add_api(file, out); !added)
      return added.error();
  if (auto added = add_agents(file, environment, out); !added)
    return added.error();
  if (auto added = add_journal(file, out); !added)
    return added.error();
  auto credentials = actors::open_mcp_credentials(
    std::filesystem::path{file.data_dir} / "mcp-credentials.json");
  if (!credentials)
    return credentials.error();
  out.credentials = std::move(*credentials);
  auto token = admin_token(file.data_dir);
  if (!token)
    return token.error();
  out.token = std::move(*token);
  return out;
}

} // namespace perdure::hosting

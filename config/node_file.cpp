#include "config/node_file.hpp"

#include "config/field_reader.hpp"
#include "config/text_file.hpp"
#include "runtime/models/provider_table.hpp"

namespace perdure::config {

namespace {

namespace fs = std::filesystem;

/// Sizes stay exact in JSON numbers of any reader.
constexpr std::int64_t size_max = std::int64_t{1} << 53;

void read_size(const field_reader& fields, std::string_view key,
               std::uint64_t& target) {
  if (const auto value = fields.integer(key, 0, size_max))
    target = static_cast<std::uint64_t>(*value);
}

void read_log(const file_place& place, const reading& with, log_options& log) {
  const field_reader fields{place, with, {"format", "level"}};
  log.format = fields.text("format").value_or(log.format);
  log.level = fields.text("level").value_or(log.level);
}

void read_limits(const file_place& place, const reading& with,
                 node_limits& limits) {
  const field_reader fields{place,
                            with,
                            {"active_runs_max", "queued_runs_max",
                             "request_body_max_bytes", "journal_bytes_max",
                             "park_after_seconds"}};
  read_size(fields, "active_runs_max", limits.active_runs_max);
  read_size(fields, "queued_runs_max", limits.queued_runs_max);
  read_size(fields, "request_body_max_bytes", limits.request_body_max_bytes);
  read_size(fields, "journal_bytes_max", limits.journal_bytes_max);
  if (const auto time = fields.seconds("park_after_seconds"))
    limits.park_after = *time;
}

std::string resolve(const fs::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

void read_tls(const file_place& place, const reading& with,
              const fs::path& folder, tls_options& tls) {
  const field_reader fields{place, with, {"ca_file"}};
  if (const auto file = fields.text("ca_file"); file && !file->empty())
    tls.ca_file = resolve(folder, *file);
}

provider_options read_provider(const file_place& place, const reading& with) {
  const field_reader fields{place,
                            with,
                            {"base_url", "api_key", "wire", "auth",
                             "api_version", "stream", "headers"}};
  provider_options provider;
  provider.base_url = fields.text("base_url");
  provider.api_key = fields.text("api_key");
  provider.wire = fields.text("wire");
  provider.auth = fields.text("auth");
  provider.api_version = fields.text("api_version");
  provider.stream = fields.boolean("stream").value_or(provider.stream);
  const auto headers = fields.find("headers");
  if (!headers)
    return provider;
  if (headers->node->type != document::kind::object)
    fields.add(*headers, "must be an object of strings");
  for (const auto& member : headers->node->members)
    if (auto value = read_text(headers->at(member.key, member.value), with))
      provider.headers.emplace(member.key, std::move(*value));
  return provider;
}

void read_node(const file_place& root, const reading& with,
               const fs::path& folder, node_file& node) {
  const field_reader fields{root,
                            with,
                            {"$schema", "listen", "data_dir", "agents", "log",
                             "providers", "tls", "limits"}};
  [[maybe_unused]] const auto hint = fields.text("$schema");
  node.listen = fields.text("listen").value_or(node.listen);
  if (const auto data = fields.text("data_dir"))
    node.data_dir = data->empty() ? "" : resolve(folder, *data);
  for (const auto& path :
       fields.texts("agents").value_or(std::vector<std::string>{}))
    node.agents.push_back(path.empty() ? "" : resolve(folder, path));
  if (const auto log = fields.find("log"))
    read_log(*log, with, node.log);
  if (const auto tls = fields.find("tls"))
    read_tls(*tls, with, folder, node.tls);
  if (const auto limits = fields.find("limits"))
    read_limits(*limits, with, node.limits);
  const auto providers = fields.find("providers");
  if (!providers)
    return;
  if (providers->node->type != document::kind::object)
    return fields.add(*providers, "must be an object");
  for (const auto& member : providers->node->members)
    node.providers.emplace(
      member.key, read_provider(providers->at(member.key, member.value), with));
}

/// The part of `root` that `problem` is about, or the last one on the way to it
/// that the file has.
file_place find_place(const document& root, const node_problem& problem) {
  file_place place{&root, ""};
  for (const auto& key : problem.path) {
    const auto* next = place.node;
    if (place.node->type == document::kind::object)
      next = place.node->find(key);
    else if (const auto index = std::stoul("0" + key);
             index < place.node->items.size())
      next = &place.node->items[index];
    place = place.at(key, next == nullptr ? *place.node : *next);
  }
  return place;
}

std::string variable(const environment& lookup, std::string_view name) {
  return name.empty() ? std::string{} : lookup(name).value_or("");
}

/// The name in the `${NAME}` of `text`.
std::string variable_in(std::string_view text) {
  const auto open = text.find("${") + 2;
  return std::string{text.substr(open, text.find('}', open) - open)};
}

/// What the environment and the table say of a provider.
provider_settings
settings_of(const runtime::provider_entry& entry, const environment& lookup) {
  provider_settings settings;
  settings.base_url_variable = entry.base_url_variable;
  settings.base_url = variable(lookup, entry.base_url_variable);
  if (settings.base_url.empty()) {
    if (auto known = expand(entry.base_url, lookup))
      settings.base_url = std::move(*known);
    else
      settings.base_url_variable = variable_in(entry.base_url);
    settings.api_key_variable = entry.api_key_variables.front();
  }
  for (const auto name : entry.api_key_variables)
    if (settings.api_key.empty())
      settings.api_key = variable(lookup, name);
  settings.wire = entry.wire;
  settings.provider_name = entry.provider_name;
  settings.auth = entry.auth;
  settings.api_version = variable(lookup, entry.api_version_variable);
  if (settings.api_version.empty())
    settings.api_version = entry.api_version;
  settings.path_prefix = entry.path_prefix;
  settings.query = entry.query;
  for (const auto& [header, name] : entry.headers)
    if (auto value = variable(lookup, name); !value.empty())
      settings.headers.emplace(header, std::move(value));
  return settings;
}

} // namespace

runtime::result<node_file>
parse_node_file(std::string_view text, const std::string& file_name,
                const environment& lookup) {
  file_problems problems{file_name};
  const auto parsed = parse_document(text, document_format::json_with_comments);
  if (const auto* problem = std::get_if<document_problem>(&parsed)) {
    problems.add(problem->position, "", problem->message);
    return problems.to_failure(runtime::errc::invalid_node_file);
  }
  const auto& root = std::get<document>(parsed);
  node_file node;
  read_node({&root, ""}, {problems, lookup}, fs::path{file_name}.parent_path(),
            node);
  for (const auto& problem : validate(node)) {
    const auto place = find_place(root, problem);
    problems.add(place.node->position, place.path, problem.message);
  }
  if (!problems.empty())
    return problems.to_failure(runtime::errc::invalid_node_file);
  return node;
}

runtime::result<node_file>
load_node_file(const fs::path& file, const environment& lookup) {
  const auto text = read_text_file(file);
  if (!text)
    return runtime::failure{runtime::errc::invalid_node_file,
                            file.string() + ": " + text.error().message};
  return parse_node_file(*text, file.string(), lookup);
}

std::map<std::string, provider_settings>
resolve_providers(const node_file& node, const environment& lookup) {
  std::map<std::string, provider_settings> resolved;
  for (const auto& entry : runtime::provider_table())
    resolved.emplace(entry.prefix, settings_of(entry, lookup));
  for (const auto& [prefix, options] : node.providers) {
    auto& settings = resolved[prefix];
    if (settings.provider_name.empty())
      settings.provider_name = prefix;
    if (options.base_url) {
      settings.base_url = *options.base_url;
      settings.api_key_variable.clear();
    }
    settings.api_key = options.api_key.value_or(settings.api_key);
    settings.wire = options.wire.value_or(settings.wire);
    settings.auth = options.auth.value_or(settings.auth);
    settings.api_version = options.api_version.value_or(settings.api_version);
    settings.stream = options.stream;
    for (const auto& [name, value] : options.headers)
      settings.headers[name] = value;
  }
  for (auto& [prefix, settings] : resolved) {
    while (settings.base_url.ends_with('/'))
      settings.base_url.pop_back();
    if (settings.auth.empty())
      settings.auth
        = runtime::default_auth(settings.wire, settings.api_version);
    if (settings.base_url.ends_with("/v1")) {
      settings.path_prefix.clear();
      settings.query.clear();
    }
  }
  return resolved;
}

} // namespace perdure::config

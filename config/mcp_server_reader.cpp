#include "config/mcp_server_reader.hpp"

#include "config/capability_reader.hpp"

#include <algorithm>
#include <array>

namespace perdure::config {

namespace {

using runtime::mcp::auth_kind;
using runtime::mcp::server_options;
using runtime::mcp::tool_error_behavior;
using runtime::mcp::transport_kind;

/// Reads one entry.
class server_reader {
public:
  server_reader(const field_reader& fields, const reading& with,
                const std::filesystem::path& folder, unset_variables mode,
                server_options& server)
    : fields_(fields), with_(with), folder_(folder), mode_(mode),
      server_(server) {
    // nop
  }

  void read() {
    const auto has_url = fields_.find("url").has_value();
    const auto has_command = fields_.find("command").has_value();
    if (has_url == has_command)
      return fields_.add("needs a 'command' or a 'url', and not both");
    if (has_url)
      read_endpoint();
    else
      read_program();
    read_transport(has_url);
    read_tools();
    read_bounds();
    read_roots();
  }

private:
  std::optional<std::string> late(const file_place& place) {
    auto text = read_late_text(fields_, place);
    if (text && mode_ == unset_variables::refused)
      if (const auto filled = expand(*text, with_.lookup); !filled)
        fields_.add(place, filled.error().message);
    return text;
  }

  void late_map(const char* key, std::map<std::string, std::string>& out) {
    const auto found = fields_.find(key);
    if (!found)
      return;
    if (found->node->type != document::kind::object)
      return fields_.add(*found, "must be an object of strings");
    for (const auto& member : found->node->members)
      if (auto text = late(found->at(member.key, member.value)))
        out.emplace(member.key, std::move(*text));
  }

  void refuse(std::initializer_list<const char*> keys, const char* reason) {
    for (const auto* key : keys)
      if (const auto found = fields_.find(key))
        fields_.add(*found, reason);
  }

  std::string resolve(const std::string& path) const {
    return (folder_ / path).lexically_normal().string();
  }

  void read_program() {
    refuse({"headers", "authorization_token", "auth"},
           "belongs to a url, and the server is a program");
    auto program = late(*fields_.find("command")).value_or("");
    if (program.empty())
      return fields_.add(*fields_.find("command"),
                         "must be the program to run");
    // A bare name is looked up in PATH, anything else is a file.
    if (program.find('/') != std::string::npos && !program.starts_with("${"))
      program = resolve(program);
    server_.argv.push_back(std::move(program));
    if (const auto args = fields_.find("args")) {
      if (args->node->type != document::kind::array)
        return fields_.add(*args, "must be a list of strings");
      for (std::size_t i = 0; i < args->node->items.size(); ++i)
        if (auto text = late(args->at(i)))
          server_.argv.push_back(std::move(*text));
    }
    late_map("env", server_.env);
    if (const auto cwd = fields_.text("cwd"); cwd && !cwd->empty())
      server_.cwd = resolve(*cwd);
  }

  void read_endpoint() {
    refuse({"args", "env", "cwd"},
           "belongs to a command, and the server has a url");
    const auto place = *fields_.find("url");
    server_.url = late(place).value_or("");
    const auto& url = server_.url;
    if (!url.starts_with("http://") && !url.starts_with("https://")
        && !url.starts_with("${"))
      fields_.add(place, "must start with http:// or https://");
    late_map("headers", server_.headers);
    if (const auto token = fields_.find("authorization_token"))
      if (auto text = late(*token))
        server_.headers.insert_or_assign("Authorization", std::move(*text));
    if (const auto auth = fields_.find("auth"))
      read_auth(*auth);
  }

  void read_auth(const file_place& place) {
    if (place.node->type == document::kind::scalar
        && place.node->scalar == "oauth") {
      server_.auth.kind = auth_kind::login;
      return;
    }
    const field_reader fields{place,
                              with_,
                              {"type", "client_id", "client_secret",
                               "private_key_file", "scope",
                               "client_metadata_url"}};
    auto& auth = server_.auth;
    const auto type = fields.choice("type", {"client_credentials", "login"});
    auth.kind = type == "client_credentials" ? auth_kind::client_credentials
                                             : auth_kind::login;
    auth.client_id = fields.text("client_id").value_or("");
    if (const auto secret = fields.find("client_secret"))
      auth.client_secret = late(*secret).value_or("");
    if (const auto key = fields.text("private_key_file"); key && !key->empty())
      auth.private_key_file = resolve(*key);
    auth.scope = fields.text("scope").value_or("");
    auth.client_metadata_url = fields.text("client_metadata_url").value_or("");
    const auto is_complete
      = !auth.client_id.empty()
        && auth.client_secret.empty() != auth.private_key_file.empty();
    if (auth.kind == auth_kind::client_credentials && !is_complete)
      fields.add("needs a client_id, and a client_secret or a "
                 "private_key_file");
  }

  void read_transport(bool has_url) {
    const auto given = fields_.find("transport") ? "transport" : "type";
    const auto name = fields_.choice(
      given, {"stdio", "http", "streamable-http", "streamable_http", "sse"});
    if (!has_url) {
      server_.transport = transport_kind::stdio;
      if (name && *name != "stdio")
        fields_.add(*fields_.find(given), "must be stdio for a command");
      return;
    }
    const auto path = std::string_view{server_.url}.substr(
      0, server_.url.find_first_of("?#"));
    const auto is_sse = name ? *name == "sse" : path.ends_with("/sse");
    server_.transport = is_sse ? transport_kind::sse : transport_kind::http;
    if (name && *name == "stdio")
      fields_.add(*fields_.find(given), "must be http or sse for a url");
  }

  void read_tools() {
    server_.description
      = fields_.text("description").value_or(server_.description);
    if (auto names = fields_.texts("allowed_tools"))
      server_.allowed_tools = std::move(*names);
    using enum tool_error_behavior;
    if (const auto name
        = fields_.choice("tool_error_behavior", {"retry", "failed", "error"}))
      for (const auto behavior : {retry, failed, error})
        if (to_string(behavior) == *name)
          server_.on_tool_error = behavior;
    constexpr std::int64_t retries_max = 1000;
    if (const auto retries = fields_.integer("max_retries", 0, retries_max))
      server_.max_retries = static_cast<std::uint32_t>(*retries);
    const auto flag = [&](const char* key, bool& into) {
      into = fields_.boolean(key).value_or(into);
    };
    flag("include_instructions", server_.include_instructions);
    flag("resources", server_.resources);
    flag("prompts", server_.prompts);
    flag("prefer_tasks", server_.prefer_tasks);
    read_sampling();
    flag("cache_tools", server_.cache_lists);
    if (const auto level = fields_.choice(
          "log_level", {"debug", "info", "notice", "warning", "error",
                        "critical", "alert", "emergency"}))
      server_.log_level = *level;
    if (fields_.choice("connection", {"shared", "per_run"}) == "per_run")
      server_.scope = runtime::mcp::connection_scope::per_run;
    server_.version = fields_.text("protocol_version").value_or("");
  }

  void read_sampling() {
    server_.sampling_model = fields_.text("sampling_model").value_or("");
    const auto allowed = fields_.boolean("sampling");
    server_.sampling = allowed.value_or(!server_.sampling_model.empty());
    if (!server_.sampling && !server_.sampling_model.empty())
      fields_.add(*fields_.find("sampling_model"),
                  "is never asked, since sampling is false");
  }

  void read_bounds() {
    const auto bound = [&](const char* key, std::chrono::milliseconds& into) {
      into = fields_.seconds(key).value_or(into);
    };
    bound("init_timeout", server_.init_timeout);
    bound("read_timeout", server_.read_timeout);
    bound("idle_timeout", server_.idle_timeout);
    server_.call_timeout = fields_.seconds("call_timeout");
    constexpr std::int64_t bytes_min = 1024;
    constexpr std::int64_t bytes_max = std::int64_t{1} << 30;
    if (const auto bytes
        = fields_.integer("max_message_bytes", bytes_min, bytes_max))
      server_.message_bytes_max = static_cast<std::uint64_t>(*bytes);
  }

  void read_roots() {
    auto roots = fields_.texts("roots");
    if (!roots)
      return;
    for (const auto& uri : *roots)
      if (!uri.starts_with("file://"))
        fields_.add(*fields_.find("roots"),
                    "must hold URIs that start with file://");
    server_.roots = std::move(*roots);
  }

  const field_reader& fields_;
  const reading& with_;
  const std::filesystem::path& folder_;
  unset_variables mode_;
  server_options& server_;
};

constexpr auto keys = std::to_array<std::string_view>({"command",
                                                       "args",
                                                       "env",
                                                       "cwd",
                                                       "url",
                                                       "headers",
                                                       "authorization_token",
                                                       "auth",
                                                       "type",
                                                       "transport",
                                                       "description",
                                                       "allowed_tools",
                                                       "tool_error_behavior",
                                                       "max_retries",
                                                       "include_instructions",
                                                       "sampling",
                                                       "sampling_model",
                                                       "resources",
                                                       "prompts",
                                                       "prefer_tasks",
                                                       "cache_tools",
                                                       "log_level",
                                                       "connection",
                                                       "protocol_version",
                                                       "init_timeout",
                                                       "read_timeout",
                                                       "idle_timeout",
                                                       "call_timeout",
                                                       "max_message_bytes",
                                                       "roots"});

} // namespace

std::span<const std::string_view> mcp_server_keys() noexcept {
  return keys;
}

void read_mcp_server(const field_reader& fields, const reading& with,
                     const std::filesystem::path& folder, unset_variables mode,
                     runtime::mcp::server_options& server) {
  server_reader{fields, with, folder, mode, server}.read();
}

std::string mcp_id_of_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == url.npos || url.find("${") != url.npos)
    return {};
  auto rest = url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = std::min(rest.find('/'), rest.size());
  auto host = rest.substr(0, slash);
  host = host.substr(0, host.find(':'));
  if (host.empty())
    return {};
  auto path = rest.substr(slash);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  const auto last = path.substr(path.find_last_of('/') + 1);
  return std::string{host} + (last.empty() ? "" : "-" + std::string{last});
}

} // namespace perdure::config

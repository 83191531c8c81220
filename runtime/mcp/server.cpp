#include "runtime/mcp/server.hpp"

#include "runtime/field_reader.hpp"

#include <limits>

namespace perdure::runtime::mcp {

namespace {

template <class T>
void add_unless(json& out, const char* key, const T& value, const T& normal) {
  if (value != normal)
    out[key] = value;
}

template <class T>
void add_name(json& out, const char* key, T value, T normal) {
  if (value != normal)
    out[key] = to_string(value);
}

void add_seconds(json& out, const char* key, std::chrono::milliseconds value,
                 std::chrono::milliseconds normal) {
  if (value != normal)
    out[key] = to_seconds(value);
}

json write(const auth_options& auth) {
  const auth_options normal;
  auto out = json::object();
  add_name(out, "kind", auth.kind, normal.kind);
  add_unless(out, "client_id", auth.client_id, normal.client_id);
  add_unless(out, "client_secret", auth.client_secret, normal.client_secret);
  add_unless(out, "private_key_file", auth.private_key_file,
             normal.private_key_file);
  add_unless(out, "scope", auth.scope, normal.scope);
  add_unless(out, "client_metadata_url", auth.client_metadata_url,
             normal.client_metadata_url);
  return out;
}

auth_options
read_auth(const json& value, std::string place, std::string& problem) {
  field_reader in{value, std::move(place), problem};
  auth_options out;
  // The names are in the order of the enum.
  out.kind = static_cast<auth_kind>(
    in.choice("kind", {"none", "client_credentials", "login"}));
  out.client_id = in.text("client_id");
  out.client_secret = in.text("client_secret");
  out.private_key_file = in.text("private_key_file");
  out.scope = in.text("scope");
  out.client_metadata_url = in.text("client_metadata_url");
  return out;
}

void read_tool_fields(field_reader& in, server_options& out) {
  out.prefix = in.text("prefix");
  if (in.find("allowed_tools") != nullptr)
    out.allowed_tools = in.texts("allowed_tools");
  out.on_tool_error = static_cast<tool_error_behavior>(
    in.choice("tool_error_behavior", {"retry", "failed", "error"}));
  if (const auto retries = in.count("max_retries")) {
    if (*retries > std::numeric_limits<std::uint32_t>::max())
      in.fail("max_retries", "is too large");
    else
      out.max_retries = static_cast<std::uint32_t>(*retries);
  }
  out.include_instructions
    = in.flag("include_instructions", out.include_instructions);
  out.sampling = in.flag("sampling", out.sampling);
  out.sampling_model = in.text("sampling_model");
  out.resources = in.flag("resources", out.resources);
  out.prompts = in.flag("prompts", out.prompts);
  out.prefer_tasks = in.flag("prefer_tasks", out.prefer_tasks);
  out.cache_lists = in.flag("cache_tools", out.cache_lists);
}

void read_bounds(field_reader& in, server_options& out) {
  out.init_timeout
    = in.duration("init_timeout_seconds").value_or(out.init_timeout);
  out.read_timeout
    = in.duration("read_timeout_seconds").value_or(out.read_timeout);
  out.call_timeout = in.duration("call_timeout_seconds");
  if (const auto bytes = in.count("message_bytes_max"))
    out.message_bytes_max = static_cast<std::uint64_t>(*bytes);
  out.idle_timeout
    = in.duration("idle_timeout_seconds").value_or(out.idle_timeout);
}

} // namespace

std::string_view to_string(transport_kind kind) noexcept {
  switch (kind) {
    case transport_kind::stdio:
      return "stdio";
    case transport_kind::http:
      return "http";
    case transport_kind::sse:
      return "sse";
  }
  return "unknown";
}

std::string_view to_string(connection_scope scope) noexcept {
  switch (scope) {
    case connection_scope::shared:
      return "shared";
    case connection_scope::per_run:
      return "per_run";
  }
  return "unknown";
}

std::string_view to_string(tool_error_behavior behavior) noexcept {
  switch (behavior) {
    case tool_error_behavior::retry:
      return "retry";
    case tool_error_behavior::failed:
      return "failed";
    case tool_error_behavior::error:
      return "error";
  }
  return "unknown";
}

std::string_view to_string(auth_kind kind) noexcept {
  switch (kind) {
    case auth_kind::none:
      return "none";
    case auth_kind::client_credentials:
      return "client_credentials";
    case auth_kind::login:
      return "login";
  }
  return "unknown";
}

json to_json(const server_options& server) {
  const server_options normal;
  json out{{"id", server.id}, {"transport", to_string(server.transport)}};
  add_unless(out, "argv", server.argv, normal.argv);
  add_unless(out, "env", server.env, normal.env);
  add_unless(out, "cwd", server.cwd, normal.cwd);
  add_unless(out, "url", server.url, normal.url);
  add_unless(out, "headers", server.headers, normal.headers);
  if (auto auth = write(server.auth); !auth.empty())
    out["auth"] = std::move(auth);
  add_name(out, "scope", server.scope, normal.scope);
  add_unless(out, "version", server.version, normal.version);
  add_unless(out, "description", server.description, normal.description);
  add_unless(out, "prefix", server.prefix, normal.prefix);
  if (server.allowed_tools)
    out["allowed_tools"] = *server.allowed_tools;
  add_name(out, "tool_error_behavior", server.on_tool_error,
           normal.on_tool_error);
  if (server.max_retries)
    out["max_retries"] = *server.max_retries;
  add_unless(out, "include_instructions", server.include_instructions,
             normal.include_instructions);
  add_unless(out, "sampling", server.sampling, normal.sampling);
  add_unless(out, "sampling_model", server.sampling_model,
             normal.sampling_model);
  add_unless(out, "resources", server.resources, normal.resources);
  add_unless(out, "prompts", server.prompts, normal.prompts);
  add_unless(out, "prefer_tasks", server.prefer_tasks, normal.prefer_tasks);
  add_unless(out, "cache_tools", server.cache_lists, normal.cache_lists);
  add_seconds(out, "init_timeout_seconds", server.init_timeout,
              normal.init_timeout);
  add_seconds(out, "read_timeout_seconds", server.read_timeout,
              normal.read_timeout);
  if (server.call_timeout)
    out["call_timeout_seconds"] = to_seconds(*server.call_timeout);
  add_unless(out, "message_bytes_max", server.message_bytes_max,
             normal.message_bytes_max);
  add_seconds(out, "idle_timeout_seconds", server.idle_timeout,
              normal.idle_timeout);
  add_unless(out, "log_level", server.log_level, normal.log_level);
  add_unless(out, "roots", server.roots, normal.roots);
  return out;
}

server_options read_server_options(const json& value, std::string place,
                                   std::string& problem) {
  field_reader in{value, std::move(place), problem};
  server_options out;
  out.id = in.required_text("id");
  // The names of all choices are in the order of their enums.
  out.transport = static_cast<transport_kind>(
    in.choice("transport", {"stdio", "http", "sse"}));
  out.argv = in.texts("argv");
  out.env = in.text_map("env");
  out.cwd = in.text("cwd");
  out.url = in.text("url");
  out.headers = in.text_map("headers");
  if (const auto* auth = in.find("auth"))
    out.auth = read_auth(*auth, in.place("auth"), problem);
  out.scope
    = static_cast<connection_scope>(in.choice("scope", {"shared", "per_run"}));
  out.version = in.text("version");
  out.description = in.text("description");
  read_tool_fields(in, out);
  read_bounds(in, out);
  out.log_level = in.text("log_level");
  out.roots = in.texts("roots");
  return out;
}

} // namespace perdure::runtime::mcp

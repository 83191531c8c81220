#include "actors/mcp/http_access.hpp"

#include "actors/edges/token_signer.hpp"

#include <fstream>
#include <iterator>
#include <utility>

namespace perdure::actors {

using runtime::failure;
using runtime::result;
using runtime::mcp::server_options;

namespace {

/// What the credentials for a server at `url` are kept under.
std::string key_of(const std::string& url, const server_options& server) {
  return url + ' ' + server.auth.client_id;
}

result<std::shared_ptr<const token_signer>>
signer_of(const std::string& file_name) {
  std::ifstream file{file_name};
  auto signer
    = make_token_signer(std::string{std::istreambuf_iterator<char>{file}, {}});
  if (!signer)
    return failure{signer.error().code,
                   file_name + ": " + signer.error().message};
  return signer;
}

} // namespace

mcp_http_access::mcp_http_access(const services& node,
                                 std::shared_ptr<mcp_credentials> credentials,
                                 mcp_visitor visitor)
  : world_(node.world), http_(node.http), expand_(node.expand),
    credentials_(std::move(credentials)), visitor_(std::move(visitor)) {
  if (!credentials_)
    credentials_ = std::make_shared<mcp_credentials_in_memory>();
}

result<mcp_http_options>
mcp_http_access::options_for(const server_options& server) const {
  mcp_http_options out;
  out.http = http_;
  out.message_max_bytes = server.message_bytes_max;
  auto url = expand_(server.url);
  if (!url)
    return url.error();
  out.url = std::move(*url);
  for (const auto& [name, text] : server.headers) {
    auto value = expand_(text);
    if (!value)
      return value.error();
    out.headers.emplace_back(name, std::move(*value));
  }
  return out;
}

result<mcp_auth_options>
mcp_http_access::authorization_for(const server_options& server) const {
  auto url = expand_(server.url);
  if (!url)
    return url.error();
  mcp_auth_options out;
  out.key = key_of(*url, server);
  out.flow.server_url = std::move(*url);
  out.flow.auth = server.auth;
  out.flow.login_command = "perdure mcp login " + server.id;
  auto secret = expand_(server.auth.client_secret);
  if (!secret)
    return secret.error();
  out.flow.auth.client_secret = std::move(*secret);
  out.credentials = credentials_;
  out.now = [world = world_] { return world->now(); };
  out.visitor = visitor_;
  out.services.sha256 = sha256_bytes;
  out.services.random_text
    = [world = world_] { return world->make_token() + world->make_token(); };
  if (server.auth.private_key_file.empty())
    return out;
  auto signer = signer_of(server.auth.private_key_file);
  if (!signer)
    return signer.error();
  out.services.sign_algorithm = (*signer)->algorithm();
  out.services.sign
    = [signer = *signer](std::string_view text) { return signer->sign(text); };
  return out;
}

bool mcp_http_access::has_grant(const server_options& server) const {
  const auto url = expand_(server.url);
  return url && credentials_->load(key_of(*url, server)).grant.has_value();
}

result<bool> mcp_http_access::forget_grant(const server_options& server) const {
  const auto url = expand_(server.url);
  if (!url)
    return url.error();
  return credentials_->forget(key_of(*url, server));
}

} // namespace perdure::actors

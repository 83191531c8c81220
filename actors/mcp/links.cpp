#include "actors/mcp/links.hpp"

#include "actors/edges/mcp_auto_link.hpp"
#include "actors/edges/mcp_sse_link.hpp"
#include "actors/edges/mcp_stdio_link.hpp"
#include "actors/edges/token_signer.hpp"

#include <fstream>
#include <iterator>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::result;
using runtime::mcp::server_options;
using runtime::mcp::transport_kind;
using link_result = result<std::shared_ptr<mcp_link>>;

class real_links final : public mcp_links {
public:
  real_links(const services& node, mcp_link_settings settings)
    : world_(node.world), http_(node.http), environment_(node.environment),
      expand_(node.expand), settings_(std::move(settings)) {
    if (!settings_.credentials)
      settings_.credentials = std::make_shared<mcp_credentials_in_memory>();
  }

  link_result
  open(const server_options& server, mcp_link_context context) override {
    if (server.transport == transport_kind::stdio)
      return open_stdio(server, std::move(context));
    return open_http(server, std::move(context));
  }

private:
  link_result
  open_stdio(const server_options& server, mcp_link_context context) const;
  link_result
  open_http(const server_options& server, mcp_link_context context) const;

  result<mcp_auth_options>
  authorization(const server_options& server, const std::string& url) const;

  std::shared_ptr<world> world_;
  std::shared_ptr<http_client> http_;
  std::function<std::optional<std::string>(std::string_view)> environment_;
  std::function<result<std::string>(std::string_view)> expand_;
  mcp_link_settings settings_;
  std::shared_ptr<server_processes> processes_ = make_server_processes();
};

link_result real_links::open_stdio(const server_options& server,
                                   mcp_link_context context) const {
  mcp_stdio_options options;
  options.processes = processes_;
  options.message_max_bytes = server.message_bytes_max;
  auto& what = options.server.what;
  what.directory = server.cwd;
  for (const auto& text : server.argv) {
    auto argument = expand_(text);
    if (!argument)
      return argument.error();
    what.argv.push_back(std::move(*argument));
  }
  // Nothing else of the node's environment is the server's business.
  for (const auto* variable : {"PATH", "HOME", "LANG", "TZ"})
    if (auto value = environment_(variable);
        value && !server.env.contains(variable))
      what.environment.emplace_back(variable, std::move(*value));
  for (const auto& [variable, text] : server.env) {
    auto value = expand_(text);
    if (!value)
      return value.error();
    what.environment.emplace_back(variable, std::move(*value));
  }
  return make_mcp_stdio_link(std::move(context), std::move(options));
}

link_result real_links::open_http(const server_options& server,
                                  mcp_link_context context) const {
  mcp_http_options options;
  options.http = http_;
  options.message_max_bytes = server.message_bytes_max;
  auto url = expand_(server.url);
  if (!url)
    return url.error();
  options.url = std::move(*url);
  for (const auto& [name, text] : server.headers) {
    auto value = expand_(text);
    if (!value)
      return value.error();
    options.headers.emplace_back(name, std::move(*value));
  }
  if (server.transport == transport_kind::sse)
    return make_mcp_sse_link(std::move(context), std::move(options));
  if (server.auth.kind == runtime::mcp::auth_kind::none)
    return make_mcp_auto_link(std::move(context), std::move(options));
  auto auth = authorization(server, options.url);
  if (!auth)
    return auth.error();
  return make_mcp_auth_link(std::move(context), std::move(options),
                            std::move(*auth));
}

result<mcp_auth_options>
real_links::authorization(const server_options& server,
                          const std::string& url) const {
  mcp_auth_options out;
  out.flow.server_url = url;
  out.flow.auth = server.auth;
  auto secret = expand_(server.auth.client_secret);
  if (!secret)
    return secret.error();
  out.flow.auth.client_secret = std::move(*secret);
  out.credentials = settings_.credentials;
  out.key = url + ' ' + server.auth.client_id;
  out.now = [world = world_] { return world->now(); };
  out.visitor = settings_.visitor;
  out.services.sha256 = sha256_bytes;
  out.services.random_text
    = [world = world_] { return world->make_token() + world->make_token(); };
  if (server.auth.private_key_file.empty())
    return out;
  std::ifstream file{server.auth.private_key_file};
  auto signer
    = make_token_signer(std::string{std::istreambuf_iterator<char>{file}, {}});
  if (!signer)
    return runtime::failure{signer.error().code, server.auth.private_key_file
                                                   + ": "
                                                   + signer.error().message};
  out.services.sign_algorithm = (*signer)->algorithm();
  out.services.sign
    = [signer = *signer](std::string_view text) { return signer->sign(text); };
  return out;
}

} // namespace

std::shared_ptr<mcp_links>
make_mcp_links(const services& node, mcp_link_settings settings) {
  return std::make_shared<real_links>(node, std::move(settings));
}

} // namespace perdure::actors

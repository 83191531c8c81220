#include "actors/mcp/links.hpp"

#include "actors/edges/mcp_auto_link.hpp"
#include "actors/edges/mcp_sse_link.hpp"
#include "actors/edges/mcp_stdio_link.hpp"

#include <utility>

namespace perdure::actors {

namespace {

using runtime::result;
using runtime::mcp::server_options;
using runtime::mcp::transport_kind;
using link_result = result<std::shared_ptr<mcp_link>>;

class real_links final : public mcp_links {
public:
  real_links(const services& node, mcp_http_access access)
    : environment_(node.environment), expand_(node.expand),
      access_(std::move(access)) {
    // nop
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

  std::function<std::optional<std::string>(std::string_view)> environment_;
  std::function<result<std::string>(std::string_view)> expand_;
  mcp_http_access access_;
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
  auto options = access_.options_for(server);
  if (!options)
    return options.error();
  if (server.transport == transport_kind::sse)
    return make_mcp_sse_link(std::move(context), std::move(*options));
  if (server.auth.kind == runtime::mcp::auth_kind::none)
    return make_mcp_auto_link(std::move(context), std::move(*options));
  auto auth = access_.authorization_for(server);
  if (!auth)
    return auth.error();
  return make_mcp_auth_link(std::move(context), std::move(*options),
                            std::move(*auth));
}

} // namespace

std::shared_ptr<mcp_links>
make_mcp_links(const services& node, mcp_http_access access) {
  return std::make_shared<real_links>(node, std::move(access));
}

} // namespace perdure::actors

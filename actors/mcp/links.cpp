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
  explicit real_links(const services& node)
    : http_(node.http), environment_(node.environment), expand_(node.expand) {
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

  std::shared_ptr<http_client> http_;
  std::function<std::optional<std::string>(std::string_view)> environment_;
  std::function<result<std::string>(std::string_view)> expand_;
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
  return make_mcp_auto_link(std::move(context), std::move(options));
}

} // namespace

std::shared_ptr<mcp_links> make_mcp_links(const services& node) {
  return std::make_shared<real_links>(node);
}

} // namespace perdure::actors

#include "perdure/mcp_client.hpp"

#include "actors/mcp/client.hpp"
#include "tools/hosting/node_setup.hpp"
#include "tools/library/convert.hpp"
#include "tools/library/log.hpp"

#include <future>
#include <utility>

namespace perdure {

namespace mcp = runtime::mcp;

namespace {

actors::services_ptr make_services() {
  const config::node_file defaults;
  auto options = hosting::base_options(defaults, config::process_environment(),
                                       library::make_logger({}));
  auto out = std::make_shared<actors::services>();
  out->world = actors::make_real_world();
  out->http = std::move(options.client);
  out->environment = std::move(options.environment);
  out->expand = std::move(options.expand);
  out->log = std::move(options.log);
  return out;
}

json member(json result, const char* key) {
  const auto found = result.is_object() ? result.find(key) : result.end();
  if (!result.is_object() || found == result.end())
    return json::array();
  return std::move(*found);
}

} // namespace

class mcp_client::implementation {
public:
  explicit implementation(mcp_server server)
    : server_(library::to_runtime(std::move(server))),
      client_(actors::make_mcp_client(make_services())) {
    // nop
  }

  json list(const char* method, const char* key) {
    mcp::call_request request;
    request.method = method;
    request.all_pages = true;
    auto outcome = wait_for(std::move(request));
    if (mcp::is_unknown_method(outcome))
      return json::array();
    return member(result_of(std::move(outcome)), key);
  }

  json call(const char* method, json params) {
    mcp::call_request request;
    request.method = method;
    request.params = std::move(params);
    return result_of(wait_for(std::move(request)));
  }

private:
  mcp::call_outcome wait_for(mcp::call_request request) {
    request.timeout = server_.read_timeout;
    auto promise = std::make_shared<std::promise<mcp::call_outcome>>();
    auto answer = promise->get_future();
    client_->call(server_, std::move(request), [promise](auto outcome) {
      promise->set_value(std::move(outcome));
    });
    return answer.get();
  }

  json result_of(mcp::call_outcome outcome) const {
    const auto label = "MCP server '" + server_.id + "': ";
    if (auto* done = std::get_if<mcp::completed>(&outcome))
      return std::move(done->result);
    if (const auto* reason = std::get_if<mcp::call_failure>(&outcome))
      library::raise({reason->code_of_error(), label + reason->message});
    library::raise({runtime::errc::mcp_error,
                    label
                      + "it asks somebody first, and here is nobody to "
                        "ask"});
  }

  mcp::server_options server_;
  std::unique_ptr<actors::mcp_client> client_;
};

mcp_client::mcp_client(mcp_server server)
  : impl_(std::make_unique<implementation>(std::move(server))) {
  // nop
}

mcp_client::mcp_client(mcp_client&& other) noexcept = default;
mcp_client& mcp_client::operator=(mcp_client&& other) noexcept = default;
mcp_client::~mcp_client() = default;

json mcp_client::list_tools() const {
  return impl_->list("tools/list", "tools");
}

json mcp_client::call_tool(const std::string& name,
                           const json& arguments) const {
  return impl_->call("tools/call", {{"name", name}, {"arguments", arguments}});
}

json mcp_client::list_resources() const {
  return impl_->list("resources/list", "resources");
}

json mcp_client::list_resource_templates() const {
  return impl_->list("resources/templates/list", "resourceTemplates");
}

json mcp_client::read_resource(const std::string& uri) const {
  return member(impl_->call("resources/read", {{"uri", uri}}), "contents");
}

json mcp_client::list_prompts() const {
  return impl_->list("prompts/list", "prompts");
}

json mcp_client::get_prompt(const std::string& name,
                            const json& arguments) const {
  return impl_->call("prompts/get", {{"name", name}, {"arguments", arguments}});
}

} // namespace perdure

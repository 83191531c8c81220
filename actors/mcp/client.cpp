#include "actors/mcp/client.hpp"

#include "actors/mcp/hub.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <utility>

namespace perdure::actors {

namespace {

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::perdure_mcp_messages>();
    set("scheduler.max-threads", std::size_t{1});
    set("scheduler.policy", caf::atom("sharing"));
  }
};

/// Waits for the end of one call.
mcp_caller::behavior_type
waiter(mcp_caller::pointer self, mcp_client::answer done) {
  return {
    [self, done = std::move(done)](mcp_call_ended& ended) {
      done(std::move(ended.outcome));
      self->quit();
    },
    [](const mcp_call_noted&) {},
    [](const mcp_call_progressed&) {},
    [](const mcp_question&) {},
    [](const mcp_question_closed&) {},
    [](const mcp_elicited&) {},
  };
}

class hub_client final : public mcp_client {
public:
  explicit hub_client(const services_ptr& node) {
    mcp_world world;
    world.services = node;
    world.links = make_mcp_links(*node, mcp_http_access{*node});
    world.board = std::make_shared<mcp_board>();
    hub_ = system_.spawn(mcp_hub, std::move(world));
  }

  ~hub_client() override {
    caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
  }

  void call(runtime::mcp::server_options server,
            runtime::mcp::call_request request, answer done) override {
    mcp_call message;
    message.to.server
      = std::make_shared<const runtime::mcp::server_options>(std::move(server));
    message.request = std::move(request);
    message.caller = system_.spawn(waiter, std::move(done));
    caf::anon_send(hub_, std::move(message));
  }

private:
  system_config config_;
  caf::actor_system system_{config_};
  mcp_hub_actor hub_;
};

} // namespace

std::unique_ptr<mcp_client> make_mcp_client(const services_ptr& node) {
  return std::make_unique<hub_client>(node);
}

} // namespace perdure::actors

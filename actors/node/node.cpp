#include "actors/node/node.hpp"

#include "actors/api/api.hpp"
#include "actors/mcp/hub.hpp"
#include "actors/node/local_run_client.hpp"
#include "actors/node/scheduler.hpp"
#include "actors/runs/gateway.hpp"
#include "actors/runs/journal_writer.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace perdure::actors {

namespace {

/// Settings of the actor system; never read from files or arguments.
struct system_config : caf::actor_system_config {
  explicit system_config(std::size_t threads) {
    add_message_types<caf::id_block::perdure_messages>();
    add_message_types<caf::id_block::perdure_mcp_messages>();
    set("scheduler.max-threads", threads);
    load<scheduler>();
  }
};

std::optional<std::string> nothing_set(std::string_view) {
  return std::nullopt;
}

runtime::result<std::string> as_it_is(std::string_view text) {
  return std::string{text};
}

services_ptr make_services(node_options& options) {
  auto out = std::make_shared<services>();
  out->world = options.world ? options.world : make_real_world();
  out->journal = options.journal;
  out->http = options.client ? options.client : make_curl_http_client();
  out->processes
    = options.processes ? options.processes : make_process_runner();
  out->functions
    = std::make_shared<function_pool>(options.function_threads_max);
  out->language = options.language;
  out->environment = options.environment ? options.environment : nothing_set;
  out->expand = options.expand ? options.expand : as_it_is;
  out->agents = std::make_shared<agent_registry>(
    options.journal, options.language.compile_schema);
  out->models = std::make_shared<model_registry>(options.providers);
  out->health = std::make_shared<node_health>();
  out->metrics = std::make_shared<metrics>();
  out->log = options.log ? options.log : [](log_level, const std::string&) {};
  out->runs = options.runs;
  return out;
}

/// What connections to MCP servers share. People, and the models of runs,
/// answer what servers ask.
mcp_world
mcp_world_of(const services_ptr& node, const mcp_http_access& access) {
  mcp_world out;
  out.services = node;
  out.links = make_mcp_links(*node, access);
  out.board = std::make_shared<mcp_board>();
  out.abilities.elicitation_form = true;
  out.abilities.elicitation_url = true;
  out.abilities.sampling = true;
  return out;
}

class local_node final : public node {
public:
  local_node(services_ptr shared, std::size_t threads)
    : services_(std::move(shared)), config_(threads), system_(config_) {}

  ~local_node() override {
    stop(std::chrono::milliseconds{0});
  }

  runtime::result<runtime::unit> open(node_options& options) {
    journal_writer_options writer;
    writer.journal = options.journal;
    writer.health = services_->health;
    writer.metrics = services_->metrics;
    writer.on_failure = options.on_failure;
    journal_ = system_.spawn<caf::detached>(journal_writer, std::move(writer));
    const mcp_http_access access{*services_, options.credentials};
    auto servers = mcp_world_of(services_, access);
    mcp_.board = servers.board;
    mcp_.access = std::make_shared<mcp_http_access>(access);
    mcp_.logins = system_.spawn(mcp_logins, services_, access);
    mcp_.hub = system_.spawn(mcp_hub, std::move(servers));
    gateway_
      = system_.spawn(gateway, gateway_options{services_, journal_, mcp_.hub});
    client_.emplace(services_, system_, gateway_);
    if (options.http) {
      if (auto opened = listen(options); !opened)
        return opened.error();
    }
    caf::anon_send(gateway_, start_atom_v);
    return runtime::ok();
  }

  std::uint16_t port() const noexcept override {
    return server_ ? server_->port() : 0;
  }

  const node_health& health() const noexcept override {
    return *services_->health;
  }

  run_client& runs() noexcept override {
    return *client_;
  }

  void stop(std::chrono::milliseconds grace) override {
    if (std::exchange(stopped_, true))
      return;
    services_->health->draining = true;
    if (server_)
      server_->stop(grace);
    if (gateway_)
      caf::anon_send(gateway_, drain_atom_v);
    end(gateway_);
    for (auto& worker : api_)
      end(worker);
    end(mcp_.logins);
    end(mcp_.hub);
    // Nobody waits for them any more, but they hold their tasks.
    services_->functions->stop();
    // Last: what runs and gateway sent before they went is still written.
    end(journal_);
    api_.clear();
    gateway_ = nullptr;
    mcp_.hub = nullptr;
    mcp_.logins = nullptr;
    journal_ = nullptr;
    server_.reset();
  }

private:
  runtime::result<runtime::unit> listen(const node_options& options) {
    const api_options settings{services_, gateway_, mcp_, options.token};
    const auto workers = std::max<std::size_t>(1, options.http->threads);
    for (std::size_t i = 0; i < workers; ++i)
      api_.push_back(system_.spawn(api, settings));
    auto handler
      = [workers = api_, next = std::make_shared<std::atomic<std::size_t>>(0)](
          std::shared_ptr<server_exchange> exchange) {
          const auto i = next->fetch_add(1, std::memory_order_relaxed);
          caf::anon_send(workers[i % workers.size()],
                         api_call{std::move(exchange)});
        };
    auto doors = *options.http;
    doors.on_answer = [numbers = services_->metrics](unsigned status) {
      numbers->count_answer(status);
    };
    auto server = start_http_server(doors, std::move(handler));
    if (!server)
      return server.error();
    server_ = std::move(*server);
    return runtime::ok();
  }

  /// Sends an exit behind all messages of the actor and waits for its end.
  template <class Handle>
  void end(const Handle& actor) {
    if (!actor)
      return;
    caf::scoped_actor self{system_};
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    self->wait_for(actor);
  }

  services_ptr services_;
  system_config config_;
  caf::actor_system system_;
  journal_writer_actor journal_;
  gateway_actor gateway_;
  mcp_desk mcp_;
  std::optional<local_run_client> client_;
  std::vector<api_actor> api_;
  std::unique_ptr<http_server> server_;
  bool stopped_ = false;
};

} // namespace

runtime::result<std::unique_ptr<node>> node::start(node_options options) {
  auto shared = make_services(options);
  for (auto& agent : options.agents)
    if (auto deployed = shared->agents->deploy(std::move(agent.definition),
                                               std::move(agent.code));
        !deployed)
      return deployed.error();
  const auto cores = std::max(2U, std::thread::hardware_concurrency());
  const auto threads = options.threads != 0 ? options.threads : cores;
  auto out = std::make_unique<local_node>(std::move(shared), threads);
  if (auto opened = out->open(options); !opened)
    return opened.error();
  return std::unique_ptr<node>{std::move(out)};
}

} // namespace perdure::actors

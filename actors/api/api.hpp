#pragma once

#include "actors/api/mcp_servers.hpp"
#include "actors/runs/gateway_api.hpp"
#include "actors/services.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace perdure::actors {

using api_actor = caf::typed_actor<
  // Answers the exchange, now or through an actor of its own.
  caf::reacts_to<api_call>>;

struct api_options {
  services_ptr services;
  gateway_actor gateway;
  mcp_desk mcp;
  /// Required in `Authorization: Bearer` for everything but health.
  std::string token;
};

/// The HTTP API: routes, checks, reads. Whatever changes a run goes to the
/// gateway.
struct api_state {
  explicit api_state(api_actor::pointer self_ptr);

  void handle(std::shared_ptr<server_exchange> exchange);

  static constexpr const char* name = "api";

  api_actor::pointer self;
  api_options options;

private:
  using exchange_ptr = std::shared_ptr<server_exchange>;

  [[nodiscard]] bool authorized(const server_request& request) const;
  bool health(server_exchange& exchange) const;
  void show_metrics(server_exchange& exchange) const;
  void runs(const exchange_ptr& exchange);
  void create(const exchange_ptr& exchange);
  void list(server_exchange& exchange) const;
  void one_run(const exchange_ptr& exchange, const std::string& rest);
  void read_run(server_exchange& exchange, const std::string& run_id,
                const std::string& what) const;
  void events(const exchange_ptr& exchange, const std::string& run_id);
  void cancel(server_exchange& exchange, const std::string& run_id);
  void approvals(const exchange_ptr& exchange, const std::string& id);
  void run_approvals(const exchange_ptr& exchange, const std::string& run_id);
  /// @param id of the question; empty when the body names it
  void decide(const exchange_ptr& exchange, const std::string& id);
  void agents(server_exchange& exchange, const std::string& rest) const;
  void mcp(const exchange_ptr& exchange, const std::string& rest);
  /// @param login empty to begin one
  void mcp_login(const exchange_ptr& exchange, const std::string& id,
                 const std::string& login);
};

api_actor::behavior_type
api(api_actor::stateful_pointer<api_state> self, api_options options);

} // namespace perdure::actors

#pragma once

#include "actors/node/run_client.hpp"
#include "actors/runs/gateway_api.hpp"
#include "actors/services.hpp"

#include <caf/actor_system.hpp>

namespace perdure::actors {

/// The client of a node in this process. It makes one actor per call, which
/// lives no longer than the gateway. Lives no longer than the actor system.
class local_run_client final : public run_client {
public:
  local_run_client(services_ptr shared, caf::actor_system& system,
                   gateway_actor gateway);

  void create(const runtime::json& body, const std::string& key,
              callback<created_run> done) override;
  void wait(wait_request request, callback<run_view> done) override;
  void answer(const std::string& question_id, runtime::json body,
              callback<runtime::unit> done) override;
  void cancel(const std::string& run_id, std::string reason) override;
  [[nodiscard]] runtime::result<run_view>
  view(const std::string& run_id) const override;
  [[nodiscard]] runtime::result<std::string>
  find(const std::string& key) const override;
  [[nodiscard]] runtime::result<runtime::json> questions() const override;

private:
  services_ptr services_;
  caf::actor_system& system_;
  gateway_actor gateway_;
};

} // namespace perdure::actors

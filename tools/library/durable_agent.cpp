#include "perdure/durable_agent.hpp"

#include <memory>
#include <utility>

namespace perdure {

durable_agent::durable_agent(const agent& what, task_configs tasks,
                             node_options node)
  : name_(what.name()), own_(std::make_unique<perdure::node>(std::move(node))),
    node_(own_.get()) {
  own_->add(what, tasks);
  own_->start();
}

durable_agent::durable_agent(const agent& what, perdure::node& shared,
                             task_configs tasks)
  : name_(what.name()), node_(&shared) {
  node_->add(what, tasks);
}

durable_agent::durable_agent(durable_agent&&) noexcept = default;
durable_agent& durable_agent::operator=(durable_agent&&) noexcept = default;
durable_agent::~durable_agent() = default;

const std::string& durable_agent::name() const noexcept {
  return name_;
}

run_result
durable_agent::run_sync(const prompt& what, const run_options& options) {
  return node_->wait(node_->start_run(name_, what, options), options.wait);
}

std::future<run_result>
durable_agent::run(const prompt& what, const run_options& options) {
  auto promise = std::make_shared<std::promise<run_result>>();
  auto out = promise->get_future();
  run(what, options,
      [promise](run_result result) { promise->set_value(std::move(result)); });
  return out;
}

std::string durable_agent::run(const prompt& what, const run_options& options,
                               std::function<void(run_result)> done) {
  auto run_id = node_->start_run(name_, what, options);
  node_->wait(run_id, options.wait, std::move(done));
  return run_id;
}

} // namespace perdure

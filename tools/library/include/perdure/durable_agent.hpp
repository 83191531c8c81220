#pragma once

#include <functional>
#include <future>
#include <memory>
#include <perdure/agent.hpp>
#include <perdure/node.hpp>
#include <perdure/task_config.hpp>
#include <string>

namespace perdure {

/// An agent whose runs survive the process: model requests and tool calls are
/// task runs that are written down, and what was done is not done again.
///
///     perdure::durable_agent durable{agent};
///     auto result = durable.run_sync("Plan my trip.", {.run_id = "trip-17"});
///
/// When the process dies, the same call in the next one attaches to the run,
/// which has gone on by then from where it was.
///
/// Errors:  members throw `error`; a run that fails is a `run_result`
/// Threads: any
class durable_agent {
public:
  /// With a node of its own, which starts at once and so brings back what a
  /// process before left unfinished.
  explicit durable_agent(const agent& what, task_configs tasks = {},
                         node_options node = {});

  /// At a node that it shares with others. @pre the node has not started, and
  /// outlives this
  durable_agent(const agent& what, perdure::node& shared,
                task_configs tasks = {});

  durable_agent(durable_agent&&) noexcept;
  durable_agent& operator=(durable_agent&&) noexcept;
  ~durable_agent();

  [[nodiscard]] const std::string& name() const noexcept;

  /// Waits for the run's end.
  run_result run_sync(const prompt& what, const run_options& options = {});

  /// Both return once the run is durable.
  [[nodiscard]] std::future<run_result>
  run(const prompt& what, const run_options& options = {});
  /// @returns the run's id. `done` is called on a thread of the node
  std::string run(const prompt& what, const run_options& options,
                  std::function<void(run_result)> done);

  /// Where it runs: for approvals, and for runs that were started elsewhere.
  [[nodiscard]] perdure::node& node() noexcept {
    return *node_;
  }

private:
  std::string name_;
  std::unique_ptr<perdure::node> own_;
  perdure::node* node_;
};

} // namespace perdure

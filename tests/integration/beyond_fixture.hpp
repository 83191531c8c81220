#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"

namespace perdure::tests {

/// A node whose models are played by a server, for requests that take more than
/// one exchange. Agents are called `streamed` and `plain`.
class beyond_fixture {
public:
  /// @param wire prefix of the model
  beyond_fixture(const std::string& wire, const runtime::json& settings);

  /// Starts a run that meets these reactions.
  /// @param request what is asked for besides the agent
  std::string begin(const std::string& agent, std::vector<reaction> reactions,
                    runtime::json request = {{"prompt", "Go."}});

  /// Waits until the journal says what the model request is known by.
  void wait_for_note(const std::string& run_id);

  /// Kills the node and lets it find `reactions` when it is back.
  void restart(std::vector<reaction> reactions);

  /// Waits for the end. @returns the run
  runtime::json ended(const std::string& run_id);
  void check_output(const std::string& run_id, const std::string& output);

  /// The first lines of what the server was asked since it plays, in order:
  /// `POST /v1/responses`.
  std::vector<std::string> asked();
  /// The bodies, as JSON.
  std::vector<runtime::json> bodies();

  /// Entries of that kind in a run's journal.
  runtime::json
  entries(const std::string& run_id, const std::string& kind) const;
  /// Attempts of the run's only task.
  runtime::json attempts(const std::string& run_id) const;
  runtime::json messages(const std::string& run_id) const;

  hostile_server server;
  std::unique_ptr<real_node> node;
};

/// A streamed answer of which nothing comes behind the first `count` frames.
reaction first_of(const std::vector<std::string>& frames, std::size_t count,
                  connection_end end);
/// A streamed answer of the frames from `first` on.
reaction rest_of(const std::vector<std::string>& frames, std::size_t first);

} // namespace perdure::tests

#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support/real_node.hpp"

namespace perdure::tests {

/// A node whose agents ask people, and the people.
///
/// `wipe` needs approval and writes the argument `n` of each call to a file;
/// it goes on when there is a file `go`, if the agent is `slow`. `measure` is
/// made elsewhere.
class people_node {
public:
  /// @param node_file replaces the settings of the node; null for none
  explicit people_node(runtime::json node_file = nullptr);

  /// Writes an agent file with `approval` as the arguments of Approval, and
  /// with these capabilities besides. The model calls `tool` once and ends.
  void write_agent(const std::string& name, const std::string& tool,
                   runtime::json approval = nullptr,
                   std::vector<runtime::json> more = {},
                   runtime::json arguments = {{"n", 1}});

  void start();

  /// Creates a run. @returns its id
  std::string create(const std::string& agent);

  /// Waits until the run asks something. @returns the question
  runtime::json question_of(const std::string& run_id);

  api_answer decide(const runtime::json& question, const runtime::json& body);

  /// Its kind.
  std::string kind_asked(const std::string& run_id);

  /// Waits for the end. @returns the run
  runtime::json ended(const std::string& run_id);
  /// The state that it ended in.
  std::string end_state(const std::string& run_id);

  /// A field of what the model was told of the call.
  runtime::json told(const std::string& run_id, const char* key);

  /// Arguments `n` of the calls of `wipe` that began, one per line.
  [[nodiscard]] std::string wiped() const;
  /// Lets slow calls go on.
  void go() const;

  real_node node;

private:
  std::string tool_;
};

} // namespace perdure::tests

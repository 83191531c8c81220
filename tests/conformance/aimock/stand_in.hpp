#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/api_client.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace perdure::tests {

/// One way to speak to a provider: a row for each.
struct wire {
  std::string name;
  /// Model string of agents.
  std::string model;
  /// Key of `providers` in the node file, which says whether to stream.
  std::string provider;
  bool is_streamed = false;
  /// `NAME=value`; `URL` stands for the address of the stand-in.
  std::vector<std::string> environment;
  /// Results of tools are objects: text is the `return_value` of one, and what
  /// went wrong its `error`.
  bool wraps_results = false;
  /// The stand-in does not see the schemas of tools.
  bool hides_schemas = false;
};

const std::vector<wire>& wires();

/// aimock, a stand-in for all providers at once, with the conversations of
/// `fixtures/`. It is killed with its owner.
///
/// Throws std::runtime_error when it does not start.
class stand_in {
public:
  stand_in();

  [[nodiscard]] const std::string& url() const {
    return url_;
  }

  /// What it was asked since the last call, in the order of its answers: for
  /// each a `path`, `headers`, `body` and `response`. The bodies of all wires
  /// have the form of chat completions. Waits until it knows of `count`: it
  /// notes a request down after it has answered.
  [[nodiscard]] std::vector<runtime::json> new_requests(std::size_t count);

private:
  temp_dir place_;
  std::unique_ptr<process> process_;
  std::string url_;
  std::unique_ptr<api_client> client_;
  std::size_t seen_ = 0;
};

} // namespace perdure::tests

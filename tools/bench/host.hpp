#pragma once

#include "actors/node/node.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace perdure::bench {

/// Tasks of one run of `five`: five model requests and five tool calls.
constexpr std::size_t tasks_per_run = 10;

/// A node in this process, with the agents of the benchmark:
///   five    five model requests, five calls of a cheap C++ tool
///   stay    one tool call, then an answer after `answer_delay`
///   parked  a model request that is to be tried again in ten minutes
class host {
public:
  struct options {
    std::filesystem::path directory;
    std::chrono::milliseconds answer_delay{0};
    std::size_t threads = 0;
    /// False leaves out the sync of each commit.
    bool sync = true;
    /// Besides those above.
    std::vector<actors::agent_deployment> agents = {};
    std::map<std::string, actors::provider_settings> providers = {};
  };

  explicit host(const options& settings);
  ~host();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const std::string& token() const;
  [[nodiscard]] std::size_t active_runs() const;
  [[nodiscard]] const storage::journal& journal() const;

private:
  std::shared_ptr<storage::journal> journal_;
  std::unique_ptr<actors::node> node_;
  std::string token_ = "bench";
};

/// Ends the program with a message when `value` is a failure.
template <class T>
T must(runtime::result<T> value) {
  if (!value) {
    std::fprintf(stderr, "perdure-bench: %s\n", value.error().message.c_str());
    std::exit(1);
  }
  return std::move(*value);
}

} // namespace perdure::bench

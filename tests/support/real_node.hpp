#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/api_client.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace perdure::tests {

/// The program `perdured` in a data directory of its own, on a free port of
/// loopback. It is killed with its owner.
///
/// Lay out files first, then `start`; after `kill9` or `terminate`, `start`
/// again goes on with the same directory. Failures throw std::runtime_error
/// with what the node printed.
class real_node {
public:
  /// @param environment `NAME=value`, see process_setup
  explicit real_node(std::vector<std::string> environment = {});

  /// Adds or replaces an agent file. @returns where it is
  std::filesystem::path
  write_agent(const std::string& name, std::string_view text) const;
  /// Replaces the node file; listen, data_dir and agents are settled already.
  void write_node_file(const runtime::json& content) const;

  /// Starts the program and waits until it answers.
  void start();
  /// SIGKILL: nothing is written any more.
  void kill9();
  /// SIGTERM. @returns its exit code
  int terminate();

  /// @pre it was started
  [[nodiscard]] const api_client& api() const {
    return *api_;
  }

  /// Everything it printed so far, of all its lives.
  [[nodiscard]] std::string log() const;

  [[nodiscard]] const temp_dir& place() const {
    return place_;
  }

  [[nodiscard]] std::filesystem::path data_dir() const;

  /// Where the program is.
  static std::filesystem::path binary();

private:
  [[nodiscard]] std::optional<std::uint16_t> port_since(std::size_t at) const;

  temp_dir place_;
  std::vector<std::string> environment_;
  std::unique_ptr<process> process_;
  std::optional<api_client> api_;
};

} // namespace perdure::tests

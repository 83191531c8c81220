#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace perdure::tests {

/// A server of others that listens on this machine.
class outside_server {
public:
  /// Starts `argv`, where `PORT` stands for a port that is free; so it does in
  /// the server's environment. Waits until the port is taken.
  /// Throws std::runtime_error when that does not happen.
  explicit outside_server(std::vector<std::string> argv);

  [[nodiscard]] std::string url(const std::string& path) const;

private:
  temp_dir place_;
  std::uint16_t port_ = 0;
  std::unique_ptr<process> process_;
};

} // namespace perdure::tests
